/** A Prometheus alert about agents. */
export interface Alert {
  /** The name, which is also the heading of its section in docs/alerts.md. */
  readonly name: string;
  readonly expr: string;
  /** How long the expression must hold, as Prometheus writes durations. */
  readonly for: string;
  /** `critical`: policy may not hold now. `warning`: somebody has to act soon. `info`: worth knowing. */
  readonly severity: 'critical' | 'warning' | 'info';
  /** One line, with Prometheus' templates. */
  readonly summary: string;
  /** What it means and what still holds, with Prometheus' templates. */
  readonly description: string;
}

/** The node of a series: the label that the PodMonitor sets, or the address that was scraped. */
const NODE = '{{ or $labels.node $labels.instance }}';

/** Part of the changes of the last `window` that took longer than a second to be in force, by agent. */
const slow = (window: string): string =>
  `(1 - sum without (le) (rate(portcullis_change_to_enforced_seconds_bucket{le="1"}[${window}])) / ` +
  `sum without (le) (rate(portcullis_change_to_enforced_seconds_count[${window}])))`;

/** The objective: 99 % of changes are in force within a second. The alert fires when the month's budget would last for two days. */
const BURN = 14.4 * 0.01;

/** Part of the node's limit that a resource uses, above 80 %. */
const NEARLY_FULL = [
  ['rules', 'max without (family) (portcullis_kernel_rules)'],
  ['sets', 'max without (family) (portcullis_kernel_sets)'],
  ['members', 'sum without (family) (portcullis_kernel_set_members)'],
]
  .map(([resource, used]) => `${used} / ignoring (resource) portcullis_node_limit{resource="${resource}"} > 0.8`)
  .join(' or ');

/** All alerts. Rules of the Prometheus operator, of the chart, and a section of docs/alerts.md each. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'PortcullisAgentDown',
    expr: 'up == 0 and on (job, instance) last_over_time(portcullis_build_info[6h])',
    for: '2m',
    severity: 'critical',
    summary: `The agent of node ${NODE} cannot be scraped`,
    description:
      'The node keeps the rules that it had and learns no newer policy. New pods there may be open. Nothing is known about the node until the agent is back.',
  },
  {
    name: 'PortcullisAbsent',
    expr: 'absent(portcullis_build_info)',
    for: '5m',
    severity: 'critical',
    summary: 'No agent of Portcullis is scraped',
    description: 'Either no agent runs, or Prometheus does not find them. No other alert about Portcullis can fire.',
  },
  {
    name: 'PortcullisPodsUnavailable',
    expr: 'kube_daemonset_status_number_unavailable{daemonset="portcullis"} > 0',
    for: '5m',
    severity: 'critical',
    summary: '{{ $value }} nodes have no ready agent',
    description: 'Pods that start on a node without an agent are open. Needs kube-state-metrics.',
  },
  {
    name: 'PortcullisRestarts',
    expr: 'changes(process_start_time_seconds[30m]) > 3 and on (job, instance) portcullis_build_info',
    for: '0m',
    severity: 'warning',
    summary: `The agent of node ${NODE} restarted {{ $value }} times within 30 minutes`,
    description: 'Between two starts the node keeps its rules and learns no newer policy.',
  },
  {
    name: 'PortcullisNotReady',
    expr: 'portcullis_ready == 0',
    for: '2m',
    severity: 'critical',
    summary: `The agent of node ${NODE} does not enforce the newest policy`,
    description: 'Rules are not programmed yet, or the last attempt failed. Rules that were in force before stay.',
  },
  {
    name: 'PortcullisPartNotInForce',
    expr: 'portcullis_part_is_not_in_force == 1',
    for: '2m',
    severity: 'critical',
    summary: `The part "{{ $labels.part }}" of enforcement is not in force on node ${NODE}`,
    description: 'Every other part is in force. The Event PartNotInForce has the message of the tool.',
  },
  {
    name: 'PortcullisChangeWaits',
    expr: 'time() - (portcullis_oldest_waiting_change_timestamp_seconds > 0) > 30',
    for: '1m',
    severity: 'critical',
    summary: `A change has waited for {{ $value | humanizeDuration }} on node ${NODE}`,
    description: 'The agent knows a newer state of the cluster and could not bring it into force.',
  },
  {
    name: 'PortcullisChangesSlow',
    expr: `${slow('1h')} > ${BURN} and ${slow('5m')} > ${BURN}`,
    for: '2m',
    severity: 'warning',
    summary: `{{ $value | humanizePercentage }} of the changes on node ${NODE} took longer than a second to be in force`,
    description:
      'The objective is that 99 % of changes are in force within a second. At this rate the error budget of a month lasts for two days.',
  },
  {
    name: 'PortcullisPodsWait',
    expr: 'portcullis_waiting_pods > 0',
    for: '5m',
    severity: 'warning',
    summary: `{{ $value }} pods of node ${NODE} wait for their policies`,
    description:
      'Not all policies that select these pods are in force. Pods with the readiness gate portcullis.io/enforced do not become ready.',
  },
  {
    name: 'PortcullisKernelRefuses',
    expr: 'sum without (reason) (increase(portcullis_syncs_total{result="failed"}[10m])) > 3',
    for: '0m',
    severity: 'warning',
    summary: `Programming the kernel of node ${NODE} failed repeatedly`,
    description:
      'The previous rules stay in force after each failure. The log of the agent has the message of the kernel.',
  },
  {
    name: 'PortcullisDriftRepeats',
    expr: 'sum without (kind) (increase(portcullis_drift_repairs_total[30m])) + sum without (kind) (increase(portcullis_bridge_drift_repairs_total[30m])) > 3',
    for: '0m',
    severity: 'warning',
    summary: `Another program keeps changing the rules of node ${NODE}`,
    description:
      'The agent repairs each change within seconds, and packets may pass until then. The Event RulesChangedByOthers names the program.',
  },
  {
    name: 'PortcullisHookContested',
    expr: 'portcullis_hook_position_is_contested == 1',
    for: '5m',
    severity: 'critical',
    summary: `Another program keeps inserting its rules before ours on node ${NODE}`,
    description:
      'Packets that the other program accepts bypass all policies until the agent takes the first position back.',
  },
  {
    name: 'PortcullisOtherEngine',
    expr: 'portcullis_other_policy_engines == 1 or portcullis_other_backend_has_rules == 1',
    for: '15m',
    severity: 'warning',
    summary: `Another policy engine or iptables backend filters packets on node ${NODE}`,
    description: 'A packet must pass both, so a refusal may come from either.',
  },
  {
    name: 'PortcullisTrafficNotSeen',
    expr: 'portcullis_bridge_is_not_filtered == 1 or sum without (network) (portcullis_unseen_network_pods) > 0',
    for: '5m',
    severity: 'critical',
    summary: `Traffic of pods on node ${NODE} passes no rule of the node`,
    description:
      'No policy holds for that traffic. The Events BridgeNotFiltered and UnseenNetwork say which pods and what to do.',
  },
  {
    name: 'PortcullisWeakerGuarantee',
    expr: 'portcullis_guarantee{level!="full"} == 1',
    for: '15m',
    severity: 'info',
    summary: `The guarantee between pods of node ${NODE} is only "{{ $labels.level }}"`,
    description: 'Policies hold, but nothing proves which pod each port of a bridge belongs to.',
  },
  {
    name: 'PortcullisPolicyInvalid',
    expr: 'max by (policy_namespace, policy) (portcullis_policy_faults) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'NetworkPolicy {{ $labels.policy_namespace }}/{{ $labels.policy }} has {{ $value }} faults',
    description: 'The pods that it selects are isolated, and the faulty parts allow nothing. All other policies hold.',
  },
  {
    name: 'PortcullisOtherPolicyKind',
    expr: 'max by (kind, group) (portcullis_other_policy_kinds) == 1',
    for: '15m',
    severity: 'info',
    summary: 'The cluster has policies of kind {{ $labels.kind }} ({{ $labels.group }}), which are not enforced',
    description: 'Portcullis enforces NetworkPolicy of networking.k8s.io/v1 alone.',
  },
  {
    name: 'PortcullisApiFails',
    expr: 'max without (kind) (portcullis_source_is_failing) == 1',
    for: '2m',
    severity: 'warning',
    summary: `The agent of node ${NODE} hears nothing from the API server`,
    description: 'The last known state stays in force. The node learns of no change.',
  },
  {
    name: 'PortcullisApiRefuses',
    expr: 'sum without (kind, code) (increase(portcullis_source_errors_total{code=~"401|403"}[10m])) > 1',
    for: '0m',
    severity: 'critical',
    summary: `The API server refuses the credentials or rights of the agent of node ${NODE}`,
    description:
      'The last known state stays in force. It does not pass by itself: somebody has to grant the rights again.',
  },
  {
    name: 'PortcullisStateOld',
    expr: 'time() - min without (kind) (portcullis_source_last_heard_timestamp_seconds) > 900',
    for: '1m',
    severity: 'critical',
    summary: `The state that node ${NODE} enforces may be {{ $value | humanizeDuration }} old`,
    description:
      'The agent received nothing from the API server for this time. It hears a healthy one at least every 11 minutes.',
  },
  {
    name: 'PortcullisNodeNearlyFull',
    expr: NEARLY_FULL,
    for: '10m',
    severity: 'warning',
    summary: `Policies use {{ $value | humanizePercentage }} of what they may on node ${NODE}`,
    description: 'Above the limit the largest policies allow nothing. The flag --limits raises it.',
  },
  {
    name: 'PortcullisConnectionTableNearlyFull',
    expr: 'node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 0.9 and on () (count(portcullis_build_info) > 0)',
    for: '5m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the connection table of {{ $labels.instance }} is in use',
    description: 'A full table drops new connections, allowed ones as well. Needs node_exporter.',
  },
  {
    name: 'PortcullisRefusalsJump',
    expr: 'sum(rate(portcullis_denied_packets_total[5m])) > 10 * (sum(rate(portcullis_denied_packets_total[5m] offset 1h)) or vector(0)) + 10',
    for: '10m',
    severity: 'warning',
    summary: '{{ $value | humanize }} packets a second are refused, more than ten times as many as an hour ago',
    description: 'A policy may refuse what it should allow, or a program scans the network.',
  },
  {
    name: 'PortcullisReportsLost',
    expr: 'increase(portcullis_denied_reports_total{outcome="lost"}[10m]) > 0',
    for: '10m',
    severity: 'info',
    summary: `Node ${NODE} refuses more packets than it can record`,
    description: 'Records are incomplete. The counters of refused packets are complete.',
  },
  {
    name: 'PortcullisSpoofedPackets',
    expr: 'sum without (family) (increase(portcullis_spoofed_packets_total[10m])) > 10',
    for: '0m',
    severity: 'warning',
    summary: `A pod of node ${NODE} sends packets with addresses that are not its own`,
    description: 'The packets are dropped.',
  },
];
