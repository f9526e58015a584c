import type { Alert } from '../../scripts/manifests/monitoring/alerts.ts';

/** A series of Prometheus with its values, one a minute, in promtool's notation. */
interface Series {
  readonly series: string;
  readonly values: string;
}

/** Series in which one alert has to fire and to resolve: faulty from minute 60 up to minute 120. */
export interface AlertCase {
  readonly alert: Alert['name'];
  readonly series: readonly Series[];
}

export const FAULTY_FROM = 60;
export const FAULTY_UNTIL = 120;
/** The last minute of the series. */
export const END = 240;

const HEALTHY_MINUTES = FAULTY_FROM - 1;
const FAULTY_MINUTES = FAULTY_UNTIL - FAULTY_FROM - 1;
const REST = END - FAULTY_UNTIL;

const TARGET = 'job="portcullis",instance="10.0.0.1:9577"';
const named = (name: string, labels: string): string => `${name}{${labels === '' ? '' : `${labels},`}${TARGET}}`;

/** A gauge with one value in health and one with the fault; undefined where it has no series. */
const gauge = (name: string, healthy: number | undefined, faulty: number | undefined, labels = ''): Series => {
  const run = (value: number | undefined, minutes: number): string =>
    value === undefined ? `_x${minutes + 1}` : `${value}+0x${minutes}`;
  const parts = [run(healthy, HEALTHY_MINUTES), run(faulty, FAULTY_MINUTES), run(healthy, REST)];
  return { series: named(name, labels), values: parts.join(' ') };
};

/** A counter that grows by so much a minute, in health and with the fault. */
const counter = (name: string, faulty: number, labels = '', healthy = 0): Series => {
  const first = healthy * FAULTY_FROM;
  const second = first + faulty * (FAULTY_UNTIL - FAULTY_FROM);
  const values = [
    `0+${healthy}x${HEALTHY_MINUTES}`,
    `${first}+${faulty}x${FAULTY_MINUTES}`,
    `${second}+${healthy}x${REST}`,
  ];
  return { series: named(name, labels), values: values.join(' ') };
};

const AGENT = gauge('portcullis_build_info', 1, 1, 'version="1"');

/** At least one for each alert. */
export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'PortcullisAgentDown',
    series: [gauge('up', 1, 0), gauge('portcullis_build_info', 1, undefined, 'version="1"')],
  },
  { alert: 'PortcullisAbsent', series: [gauge('portcullis_build_info', 1, undefined, 'version="1"')] },
  {
    alert: 'PortcullisPodsUnavailable',
    series: [gauge('kube_daemonset_status_number_unavailable', 0, 2, 'daemonset="portcullis"')],
  },
  { alert: 'PortcullisRestarts', series: [AGENT, counter('process_start_time_seconds', 1)] },
  { alert: 'PortcullisNotReady', series: [gauge('portcullis_ready', 1, 0)] },
  { alert: 'PortcullisPartNotInForce', series: [gauge('portcullis_part_is_not_in_force', 0, 1, 'part="ipv6"')] },
  {
    alert: 'PortcullisChangeWaits',
    series: [gauge('portcullis_oldest_waiting_change_timestamp_seconds', 0, FAULTY_FROM * 60)],
  },
  {
    alert: 'PortcullisChangesSlow',
    series: [
      counter('portcullis_change_to_enforced_seconds_bucket', 0, 'le="1"', 10),
      counter('portcullis_change_to_enforced_seconds_bucket', 10, 'le="+Inf"', 10),
      counter('portcullis_change_to_enforced_seconds_count', 10, '', 10),
    ],
  },
  { alert: 'PortcullisPodsWait', series: [gauge('portcullis_waiting_pods', 0, 1)] },
  {
    alert: 'PortcullisKernelRefuses',
    series: [counter('portcullis_syncs_total', 1, 'result="failed",reason="retry"')],
  },
  {
    alert: 'PortcullisDriftRepeats',
    series: [
      counter('portcullis_drift_repairs_total', 1, 'kind="rule"'),
      counter('portcullis_bridge_drift_repairs_total', 0, 'kind="rule"'),
    ],
  },
  { alert: 'PortcullisHookContested', series: [gauge('portcullis_hook_position_is_contested', 0, 1)] },
  {
    alert: 'PortcullisOtherEngine',
    series: [gauge('portcullis_other_policy_engines', undefined, 1, 'engine="calico"')],
  },
  { alert: 'PortcullisOtherEngine', series: [gauge('portcullis_other_backend_has_rules', 0, 1)] },
  {
    alert: 'PortcullisTrafficNotSeen',
    series: [gauge('portcullis_bridge_is_not_filtered', undefined, 1, 'bridge="br0",family="ipv4"')],
  },
  {
    alert: 'PortcullisTrafficNotSeen',
    series: [gauge('portcullis_unseen_network_pods', 0, 2, 'network="openvswitch"')],
  },
  {
    alert: 'PortcullisWeakerGuarantee',
    series: [
      gauge('portcullis_guarantee', 1, 0, 'network="bridge",level="full"'),
      gauge('portcullis_guarantee', 0, 1, 'network="bridge",level="learned"'),
    ],
  },
  {
    alert: 'PortcullisPolicyInvalid',
    series: [gauge('portcullis_policy_faults', undefined, 2, 'policy_namespace="shop",policy="web"')],
  },
  {
    alert: 'PortcullisOtherPolicyKind',
    series: [
      gauge('portcullis_other_policy_kinds', undefined, 1, 'kind="GlobalNetworkPolicy",group="calico",state="used"'),
    ],
  },
  { alert: 'PortcullisApiFails', series: [gauge('portcullis_source_is_failing', 0, 1, 'kind="pods"')] },
  {
    alert: 'PortcullisApiRefuses',
    series: [counter('portcullis_source_errors_total', 1, 'kind="pods",code="403"')],
  },
  {
    alert: 'PortcullisStateOld',
    series: [
      {
        series: named('portcullis_source_last_heard_timestamp_seconds', 'kind="pods"'),
        values: `0+60x${HEALTHY_MINUTES} 3540+0x${FAULTY_MINUTES} 7200+60x${REST}`,
      },
    ],
  },
  {
    alert: 'PortcullisNodeNearlyFull',
    series: [
      gauge('portcullis_node_limit', 40_000, 40_000, 'resource="rules"'),
      gauge('portcullis_kernel_rules', 100, 39_000, 'family="ipv4"'),
    ],
  },
  {
    alert: 'PortcullisNodeNearlyFull',
    series: [
      gauge('portcullis_node_limit', 500, 500, 'resource="members"'),
      gauge('portcullis_kernel_set_members', 10, 250, 'family="ipv4"'),
      gauge('portcullis_kernel_set_members', 10, 240, 'family="ipv6"'),
    ],
  },
  {
    alert: 'PortcullisConnectionTableNearlyFull',
    series: [
      AGENT,
      gauge('node_nf_conntrack_entries', 10, 950),
      gauge('node_nf_conntrack_entries_limit', 1_000, 1_000),
    ],
  },
  {
    alert: 'PortcullisRefusalsJump',
    series: [counter('portcullis_denied_packets_total', 6_000, 'direction="ingress",reason="policy"', 6)],
  },
  {
    // Nothing was ever refused before.
    alert: 'PortcullisRefusalsJump',
    series: [
      {
        series: named('portcullis_denied_packets_total', 'direction="ingress",reason="policy"'),
        values: `_x${HEALTHY_MINUTES + 1} 0+6000x${FAULTY_MINUTES} 360000+0x${REST}`,
      },
    ],
  },
  {
    alert: 'PortcullisReportsLost',
    series: [counter('portcullis_denied_reports_total', 5, 'outcome="lost"')],
  },
  { alert: 'PortcullisSpoofedPackets', series: [counter('portcullis_spoofed_packets_total', 10, 'family="ipv4"')] },
];
