import { stringify } from 'yaml';
import type { Alert } from './alerts.ts';

/** The page with a section for each alert, relative to the repository. */
export const RUNBOOKS = 'docs/alerts.md';

/** Returns the part of an alert's section after `#`. */
const anchorOf = ({ name }: Alert): string => name.toLowerCase();

/** Returns the `groups` of a Prometheus rule file, which are also the spec of a PrometheusRule. */
export const ruleGroups = (alerts: readonly Alert[]): object => ({
  groups: [
    {
      name: 'portcullis',
      rules: alerts.map((alert) => ({
        alert: alert.name,
        expr: alert.expr,
        for: alert.for,
        labels: { severity: alert.severity },
        annotations: {
          summary: alert.summary,
          description: alert.description,
          runbook_url: `${RUNBOOKS}#${anchorOf(alert)}`,
        },
      })),
    },
  ],
});

/** Returns the rules as YAML. Long lines stay whole, because some readers of rules join folded ones wrongly. */
export const rulesText = (alerts: readonly Alert[]): string => stringify(ruleGroups(alerts), { lineWidth: 0 });

/** Returns the rules as an object of the Prometheus operator. */
export const prometheusRuleText = (alerts: readonly Alert[], version: string): string =>
  stringify(
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {
        name: 'portcullis',
        namespace: 'kube-system',
        labels: {
          'app.kubernetes.io/name': 'portcullis',
          'app.kubernetes.io/component': 'agent',
          'app.kubernetes.io/version': version,
        },
      },
      spec: ruleGroups(alerts),
    },
    { lineWidth: 0 },
  );
