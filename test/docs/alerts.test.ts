import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ALERTS } from '../../scripts/manifests/monitoring/alerts.ts';
import { dashboardText, ROWS } from '../../scripts/manifests/monitoring/dashboard.ts';
import { prometheusRuleText, rulesText } from '../../scripts/manifests/monitoring/rules-text.ts';
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { createAgentMetrics } from '../../src/telemetry/metrics.ts';

const reference = new Map(
  createAgentMetrics({
    version: '',
    limit: DEFAULT_LIMITS.node,
    sources: () => [],
    waitingSince: () => undefined,
    waitingPods: () => 0,
  })
    .reference()
    .map((metric) => [metric.name, metric]),
);

/** Metrics of others, which an alert may use beside ours, with the labels that are used. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  up: [],
  kube_daemonset_status_number_unavailable: ['daemonset'],
  node_nf_conntrack_entries: [],
  node_nf_conntrack_entries_limit: [],
};
/** Labels that Prometheus or the PodMonitor adds. */
const OF_TARGETS = ['job', 'instance', 'node'];

/** Returns the metric that a series belongs to: a histogram has several. */
const metricOf = (series: string): { readonly name: string; readonly labels: readonly string[] } | undefined => {
  const foreign = FOREIGN[series];
  if (foreign !== undefined) return { name: series, labels: foreign };
  const plain = reference.get(series);
  if (plain !== undefined) return plain;
  const [, base = '', part] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = reference.get(base);
  if (histogram?.type !== 'histogram') return undefined;
  return part === 'bucket' ? { ...histogram, labels: [...histogram.labels, 'le'] } : histogram;
};

const SERIES = /\b((?:portcullis|process|kube|node)_[a-z_]+|up)\b(?:\{([^}]*)\})?/g;
const withoutLabelLists = (expr: string): string =>
  expr.replace(/\b(by|without|on|ignoring|group_left)\s*\([^)]*\)/g, '');

interface Used {
  readonly series: string;
  readonly labels: readonly string[];
}

const usedBy = (expr: string): readonly Used[] =>
  [...withoutLabelLists(expr).matchAll(SERIES)].map(([, series = '', selector = '']) => ({
    series,
    labels: [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));

/** Returns the labels in `by (…)`, `on (…)` and the like. */
const listed = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );

const expectKnown = (expr: string): void => {
  const used = usedBy(expr);
  expect(used.length).toBeGreaterThan(0);
  const all = used.flatMap(({ series }) => metricOf(series)?.labels ?? []);
  for (const { series, labels } of used) {
    const metric = metricOf(series);
    expect({ series, isKnown: metric !== undefined }).toEqual({ series, isKnown: true });
    for (const label of labels) expect([...(metric?.labels ?? []), ...OF_TARGETS]).toContain(label);
  }
  for (const label of listed(expr)) expect([...all, ...OF_TARGETS]).toContain(label);
};

/** Returns the text of the sections of docs/alerts.md by their headings. */
const sections = (): ReadonlyMap<string, string> => {
  const [, ...parts] = readFileSync(path.join(ROOT, 'docs/alerts.md'), 'utf8').split(/^## /m);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n')).trim()]));
};

describe('alerts', () => {
  test('docs/alerts.md has a section for each alert, and no other', () => {
    expect([...sections().keys()].toSorted()).toEqual(ALERTS.map(({ name }) => name).toSorted());
    for (const text of sections().values()) expect(text.length).toBeGreaterThan(60);
  });

  test.each(ALERTS)('$name uses metrics and labels that exist', ({ expr, summary, description }) => {
    expectKnown(expr);
    const labels = usedBy(expr).flatMap(({ series }) => metricOf(series)?.labels ?? []);
    for (const [, label] of `${summary} ${description}`.matchAll(/\$labels\.([a-z_]+)/g)) {
      expect([...labels, ...OF_TARGETS]).toContain(label);
    }
  });

  test.each(ALERTS)('$name says what it is and where to read on', (alert) => {
    expect(alert.for).toMatch(/^\d+m$/);
    expect(alert.summary.length).toBeGreaterThan(20);
    expect(alert.description).toMatch(/\.$/);
  });

  test('the files of kustomize and of the chart are what the alerts say: else run `npm run manifests`', () => {
    const { version } = JSON.parse(readFileSync(PATHS.package, 'utf8')) as { readonly version: string };
    expect(readFileSync(PATHS.prometheusRule, 'utf8')).toBe(prometheusRuleText(ALERTS, version));
    expect(readFileSync(PATHS.chartAlerts, 'utf8')).toBe(rulesText(ALERTS));
    expect(readFileSync(PATHS.dashboard, 'utf8')).toBe(dashboardText(ROWS));
    expect(readFileSync(PATHS.chartDashboard, 'utf8')).toBe(dashboardText(ROWS));
  });
});

interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly datasource: { readonly uid: string };
    readonly expr: string;
    readonly legendFormat: string;
  }[];
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(dashboardText(ROWS)) as {
    readonly panels: readonly PanelJson[];
    readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  };
  const { panels } = dashboard;
  const graphs = panels.filter(({ type }) => type !== 'row');

  test('the dashboard gives each panel an id of its own, a title and a query', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(graphs.map(({ title }) => title)).size).toBe(graphs.length);
    for (const { targets = [] } of graphs) {
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  test('the dashboard takes its data source from a variable', () => {
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource' }),
    );
    for (const { datasource, targets = [] } of graphs) {
      expect(datasource?.uid).toBe('${datasource}');
      for (const target of targets) expect(target.datasource.uid).toBe('${datasource}');
    }
  });

  test('the dashboard lays no panel over another, nor outside of the grid', () => {
    const taken = new Set<string>();
    for (const { gridPos } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  test.each(ROWS.flatMap((row) => row.panels))(
    'the panel "$title" uses metrics and labels that exist',
    ({ queries }) => {
      for (const { expr, legend } of queries) {
        expectKnown(expr);
        const labels = usedBy(expr).flatMap(({ series }) => metricOf(series)?.labels ?? []);
        for (const [, label] of legend.matchAll(/\{\{([a-z_]+)\}\}/g)) {
          expect([...labels, ...OF_TARGETS]).toContain(label);
        }
      }
    },
  );
});
