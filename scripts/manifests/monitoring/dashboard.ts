/** One query of a panel. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** One panel: a time series, or the newest values. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat';
  /** A unit of Grafana, such as `s` or `short`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

/** A row of the dashboard. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const panel = (
  title: string,
  description: string,
  unit: string,
  ...queries: readonly (readonly [string, string])[]
): Panel => ({
  title,
  description,
  kind: 'timeseries',
  unit,
  queries: queries.map(([expr, legend]) => ({ expr, legend })),
});

const stat = (title: string, description: string, expr: string, legend = ''): Panel => ({
  title,
  description,
  kind: 'stat',
  unit: 'short',
  queries: [{ expr, legend }],
});

/** The selection by the dashboard's variables. */
const ON = 'instance=~"$instance"';

/** The rows. Each query returns data from a healthy agent, so that an empty panel shows a fault of the monitoring. */
export const ROWS: readonly Row[] = [
  {
    title: 'Is it enforcing?',
    panels: [
      stat('Agents', 'Agents that are scraped.', `count(portcullis_build_info{${ON}})`),
      stat(
        'Not ready',
        'Agents that do not enforce the newest policy.',
        `count(portcullis_ready{${ON}}) - sum(portcullis_ready{${ON}})`,
      ),
      stat(
        'Parts not in force',
        'Parts of enforcement that fail while others hold.',
        `sum(portcullis_part_is_not_in_force{${ON}})`,
      ),
      stat('Pods that wait', 'Pods whose policies are not in force.', `sum(portcullis_waiting_pods{${ON}})`),
      stat(
        'Pods that no rule sees',
        'Pods whose traffic bypasses the rules of the node.',
        `sum(portcullis_unseen_network_pods{${ON}})`,
      ),
      stat('Versions', 'Agents by version.', `count by (version) (portcullis_build_info{${ON}})`, '{{version}}'),
    ],
  },
  {
    title: 'Changes',
    panels: [
      panel(
        'Change to enforced',
        'Time from the moment an agent sees a change until it is in force. The objective is 99 % within a second.',
        's',
        [
          `histogram_quantile(0.5, sum by (le) (rate(portcullis_change_to_enforced_seconds_bucket{${ON}}[$__rate_interval])))`,
          'median',
        ],
        [
          `histogram_quantile(0.99, sum by (le) (rate(portcullis_change_to_enforced_seconds_bucket{${ON}}[$__rate_interval])))`,
          '99 %',
        ],
      ),
      panel('Oldest waiting change', 'Age of the oldest change that is not in force; 0 if none waits.', 's', [
        `(time() - (portcullis_oldest_waiting_change_timestamp_seconds{${ON}} > 0)) or 0 * portcullis_oldest_waiting_change_timestamp_seconds{${ON}}`,
        '{{instance}}',
      ]),
      panel('Passes', 'Passes of the loop a second, by result.', 'ops', [
        `sum by (result) (rate(portcullis_syncs_total{${ON}}[$__rate_interval]))`,
        '{{result}}',
      ]),
      panel('Duration of a pass', '99th percentile.', 's', [
        `histogram_quantile(0.99, sum by (le) (rate(portcullis_sync_duration_seconds_bucket{${ON}}[$__rate_interval])))`,
        '99 %',
      ]),
    ],
  },
  {
    title: 'Refusals',
    panels: [
      panel('Refused packets', 'Packets a second that rules dropped, by reason.', 'pps', [
        `sum by (reason) (rate(portcullis_denied_packets_total{${ON}}[$__rate_interval])) or vector(0)`,
        '{{reason}}',
      ]),
      panel('Refused by policy', 'The ten isolations that refuse most packets.', 'pps', [
        `topk(10, sum by (direction, policy_namespace, isolated_by) (rate(portcullis_denied_packets_total{${ON}}[$__rate_interval]))) or vector(0)`,
        '{{policy_namespace}} {{direction}} {{isolated_by}}',
      ]),
      panel('Connections cut', 'Live connections a second that a newer policy denies.', 'ops', [
        `sum by (instance) (rate(portcullis_connections_cut_total{${ON}}[$__rate_interval]))`,
        '{{instance}}',
      ]),
      panel('Reports of refusals', 'Reports that the agents received and lost per second.', 'ops', [
        `sum by (outcome) (rate(portcullis_denied_reports_total{${ON}}[$__rate_interval]))`,
        '{{outcome}}',
      ]),
    ],
  },
  {
    title: 'Faults',
    panels: [
      panel(
        'Repaired drift',
        'Repairs within five minutes after another program changed our rules, by kind.',
        'short',
        [`sum by (kind) (increase(portcullis_drift_repairs_total{${ON}}[5m]))`, '{{kind}}'],
      ),
      panel('Policy faults', 'Policies with faults; 0 if none has any.', 'short', [
        `max by (policy_namespace, policy) (portcullis_policy_faults{${ON}}) or vector(0)`,
        '{{policy_namespace}}/{{policy}}',
      ]),
      panel('Errors of lists and watches', 'Failures within five minutes, by code.', 'short', [
        `sum by (code) (increase(portcullis_source_errors_total{${ON}}[5m]))`,
        '{{code}}',
      ]),
      panel('API server last heard', 'Time since the API server last sent data, by kind.', 's', [
        `max by (kind) (time() - portcullis_source_last_heard_timestamp_seconds{${ON}})`,
        '{{kind}}',
      ]),
      panel(
        'Other programs',
        'Other engines on a node, other backends with rules, contested hook positions.',
        'short',
        [`sum(portcullis_other_policy_engines{${ON}}) or vector(0)`, 'engines'],
        [`sum(portcullis_other_backend_has_rules{${ON}})`, 'other backend'],
        [`sum(portcullis_hook_position_is_contested{${ON}})`, 'contested'],
      ),
      panel('Events', 'Events a second, by outcome.', 'ops', [
        `sum by (outcome) (rate(portcullis_events_total{${ON}}[$__rate_interval]))`,
        '{{outcome}}',
      ]),
    ],
  },
  {
    title: 'Size',
    panels: [
      panel('Isolated pods', 'Pods that a policy isolates, by direction.', 'short', [
        `sum by (direction) (portcullis_isolated_pods{${ON}})`,
        '{{direction}}',
      ]),
      panel(
        'Rules',
        'Rules in the kernel of a node, by family.',
        'short',
        [`max by (family) (portcullis_kernel_rules{${ON}})`, '{{family}}'],
        [`max(portcullis_node_limit{${ON}, resource="rules"})`, 'limit'],
      ),
      panel('Members of sets', 'Members of all sets of a node.', 'short', [
        `max(sum by (instance) (portcullis_kernel_set_members{${ON}}))`,
        'members',
      ]),
      panel('Memory', 'Resident memory of the agents.', 'bytes', [
        `process_resident_memory_bytes{${ON}} and on (instance) portcullis_build_info`,
        '{{instance}}',
      ]),
      panel('CPU', 'Cores that the agents use, without their child processes.', 'short', [
        `rate(process_cpu_seconds_total{${ON}}[$__rate_interval]) and on (instance) portcullis_build_info`,
        '{{instance}}',
      ]),
    ],
  },
];

/** Names of the queries of a panel. */
const REFS = ['A', 'B', 'C', 'D'];

/** Columns of Grafana's grid. */
const WIDTH = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

const panelJson = ({ title, description, kind, unit, queries }: Panel, id: number, gridPos: object): object => ({
  id,
  type: kind,
  title,
  description,
  datasource: DATASOURCE,
  gridPos,
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  options:
    kind === 'stat'
      ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' }
      : {
          legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
  targets: queries.map(({ expr, legend }, at) => ({
    refId: REFS[at] ?? String(at),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
  })),
});

const layOut = (rows: readonly Row[]): readonly object[] => {
  const laid: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    laid.push({
      id: laid.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    const isOfStats = panels[0]?.kind === 'stat';
    const perLine = isOfStats ? panels.length : panels.length > 4 ? 3 : 2;
    const width = Math.floor(WIDTH / perLine);
    const height = isOfStats ? STAT_HEIGHT : HEIGHT;
    panels.forEach((each, at) => {
      const gridPos = { x: (at % perLine) * width, y: y + Math.floor(at / perLine) * height, w: width, h: height };
      laid.push(panelJson(each, laid.length + 1, gridPos));
    });
    y += Math.ceil(panels.length / perLine) * height;
  }
  return laid;
};

/** Returns the dashboard as Grafana imports it (schema version 39, Grafana 11). */
export const dashboardText = (rows: readonly Row[]): string =>
  `${JSON.stringify(
    {
      uid: 'portcullis',
      title: 'Portcullis',
      description: 'Agents of Portcullis: enforcement, changes, refusals, faults.',
      tags: ['portcullis', 'networkpolicy'],
      schemaVersion: 39,
      version: 1,
      editable: true,
      refresh: '30s',
      time: { from: 'now-3h', to: 'now' },
      timezone: 'browser',
      annotations: { list: [] },
      links: [],
      templating: {
        list: [
          { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', hide: 0 },
          {
            name: 'instance',
            label: 'Agent',
            type: 'query',
            datasource: DATASOURCE,
            query: { query: 'label_values(portcullis_build_info, instance)', refId: 'instance' },
            definition: 'label_values(portcullis_build_info, instance)',
            includeAll: true,
            multi: true,
            allValue: '.*',
            current: { text: 'All', value: '$__all' },
            refresh: 2,
            hide: 0,
          },
        ],
      },
      panels: layOut(rows),
    },
    undefined,
    2,
  )}\n`;
