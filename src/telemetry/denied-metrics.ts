import { Counter, type Registry } from 'prom-client';
import { REASONS, type Reason } from '../records/reason.ts';

/** The labels of the metric: who refused the packets. */
export interface DeniedLabels {
  readonly direction: 'ingress' | 'egress' | '';
  readonly policyNamespace: string;
  /** Names of the policies, joined by commas. */
  readonly isolatedBy: string;
  readonly reason: Reason;
}

/** The metrics of refused packets. */
export interface DeniedMetrics {
  /** @param packets that the rules dropped, by the kernel's own count, since the last call */
  recordDenied(labels: DeniedLabels, packets: number): void;
  /** @param reports that arrived from the kernel, or were lost */
  recordReports(outcome: 'heard' | 'lost', reports: number): void;
}

/** Series of their own; packets of others are summed up by direction and reason. */
const MAX_SERIES = 500 - 3 * REASONS.length;

/** Maximum number of characters in the value of a label. */
const MAX_LABEL = 200;

export const registerDeniedMetrics = (registry: Registry): DeniedMetrics => {
  const registers = [registry];
  const denied = new Counter({
    name: 'portcullis_denied_packets_total',
    help: 'Number of packets dropped by policy rules, by direction, isolating policies and reason, as the kernel counted them.',
    labelNames: ['direction', 'policy_namespace', 'isolated_by', 'reason'],
    registers,
  });
  const reports = new Counter({
    name: 'portcullis_denied_reports_total',
    help: 'Number of reports of refused packets, by outcome: heard, or lost between kernel and agent.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['heard', 'lost']) reports.inc({ outcome }, 0);
  const series = new Set<string>();
  return {
    recordDenied({ direction, policyNamespace, isolatedBy, reason }, packets) {
      const key = `${direction} ${policyNamespace} ${isolatedBy} ${reason}`;
      const isOwn = series.has(key) || series.size < MAX_SERIES;
      if (isOwn) series.add(key);
      denied.inc(
        {
          direction,
          policy_namespace: isOwn ? policyNamespace : '',
          isolated_by: isOwn ? isolatedBy.slice(0, MAX_LABEL) : 'others',
          reason: reason.replaceAll(' ', '_'),
        },
        packets,
      );
    },
    recordReports(outcome, count) {
      reports.inc({ outcome }, count);
    },
  };
};
