import type { Told, ToldFault } from './fault.ts';

type BeginAndEnd = Pick<ToldFault, 'told' | 'end'>;

/** A list or watch of this kind fails. Enforcement goes on, so that the agent stays ready; Events cannot be posted. */
const fromApi = (kind: 'pods' | 'namespaces' | 'networkpolicies', detail: string): BeginAndEnd => ({
  told: {
    readyz: 200,
    metric: `portcullis_source_is_failing{kind="${kind}"} 1`,
    condition: 'PoliciesInForce',
    log: 'the connection to the API server failed',
    status: `api.${kind}.trouble`,
    detail,
  },
  end: { log: 'the connection to the API server was restored' },
});

const part = (name: string, detail: string, condition: Told['condition'] = 'FamilyNotProgrammed'): BeginAndEnd => ({
  told: {
    readyz: 503,
    metric: `portcullis_part_is_not_in_force{part="${name}"} 1`,
    condition,
    event: 'PartNotInForce',
    log: 'a part of policy is not in force',
    status: 'notInForce',
    detail,
  },
  end: { event: 'PartInForce', log: 'a part of policy is in force again' },
});

const rejected = (event: 'InvalidPolicy' | 'PolicyNotEnforced', name: string, detail: string): BeginAndEnd => ({
  told: {
    readyz: 200,
    metric: `portcullis_policy_faults{policy_namespace="shop",policy="${name}"} 1`,
    condition: 'PolicyRejected',
    event,
    log: 'a policy has a fault',
    status: 'policies.faults',
    detail,
  },
  end: { event: 'PolicyEnforced', log: 'a fault of a policy was fixed' },
});

/** Another program changed what is ours. What tells it tells the repair. */
const REPAIRED: Told = {
  readyz: 200,
  metric: 'portcullis_drift_repairs_total{kind="jump_missing"}',
  condition: 'PoliciesInForce',
  event: 'RulesChangedByOthers',
  log: 'another program changed our rules or sets; they were repaired',
  status: 'lastDrift.changed',
  detail: 'the jump to our rules is gone',
};

const nothing = (fault: string, by: string, because: string): ToldFault => ({
  fault,
  told: 'nothing',
  shown: { by: `\`${by}\``, because },
});

/** A row for each of docs/faults.md, in their order. */
export const TOLD_FAULTS: readonly ToldFault[] = [
  { fault: 'gone for six hours', ...fromApi('pods', 'ECONNREFUSED'), shown: 'here' },
  {
    fault: 'back with older data (etcd restored)',
    ...fromApi('pods', 'restored from a backup'),
    shown: { by: '`test/cluster/api-faults/`', because: 'etcd has to be restored from a backup' },
  },
  {
    fault: 'restarted with an empty watch cache (410)',
    ...fromApi('namespaces', '410'),
    shown: 'here',
  },
  {
    fault: 'an empty list where there was something',
    ...fromApi('namespaces', 'unexpectedly empty'),
    shown: 'here',
  },
  {
    fault: 'no namespaces at all at the start',
    ...fromApi('namespaces', 'unexpectedly empty'),
    shown: { by: '`test/cluster/api-faults/`', because: 'a real API server makes namespaces before it answers' },
  },
  {
    fault: '429 with Retry-After, seconds or a date',
    ...fromApi('networkpolicies', '429'),
    shown: 'here',
  },
  { fault: '401, 403 (token replaced)', ...fromApi('pods', '403'), shown: 'here' },
  {
    fault: '500, as an answer or inside a watch',
    ...fromApi('networkpolicies', '500'),
    shown: 'here',
  },
  {
    fault: 'no JSON, half a list, a list of something else, items or events without a name, events of no known type',
    ...fromApi('pods', 'JSON'),
    shown: 'here',
  },
  {
    fault: 'half-open connection',
    ...fromApi('pods', 'nothing heard'),
    shown: { by: '`npm run alerts`', because: 'it is known after 95 s of silence' },
  },
  {
    fault: 'hung: accepts connections and never answers',
    ...fromApi('pods', 'answers no question'),
    shown: { by: '`npm run alerts`', because: 'it is known after 95 s of silence' },
  },
  nothing('slow', 'test/api/faults.test.ts', 'the agent waits, and nothing is wrong'),
  {
    fault: 'iptables-restore refuses, dies before, within or after its work, or hangs',
    ...part('ipv4', 'no space left on device'),
    shown: 'here',
  },
  {
    fault: 'ipset restore refuses or dies after some lines, or hangs',
    ...part('ipv4', 'no memory'),
    shown: {
      by: '`test/kernel/faults/tools.test.ts`',
      because:
        'it is reported as what iptables-restore refuses, by the same Events, of which a repetition waits a minute',
    },
  },
  nothing(
    'a standing restore program ([ADR 18](adr/0018-programs-that-stay.md)) refuses, is killed with or without a text, hangs, cannot be started',
    'test/kernel/standing-runner.test.ts',
    'the text goes to a process of its own at once; what that refuses is a row above',
  ),
  nothing(
    'a shell that starts programs for the agent is killed, hangs, cannot be started',
    'test/kernel/launcher.test.ts',
    'the program is run once more at once',
  ),
  {
    fault: 'a portion of a large policy is refused, or takes too long',
    ...rejected('PolicyNotEnforced', 'large', 'refused'),
    shown: {
      by: '`test/reconcile/large-change.test.ts`',
      because: 'a policy of that size takes minutes here; it is reported as what one isolation is refused, below',
    },
  },
  {
    fault: 'what is cut cannot be held closed (a full set)',
    ...part('live connections', 'full', 'PoliciesInForceInPart'),
    shown: { by: '`test/reconcile/review.test.ts`', because: 'the set has to be filled with connections' },
  },
  {
    fault: 'the kernel cannot be read',
    ...part('ipv4', 'cannot be read'),
    shown: { by: '`test/reconcile/failure.test.ts`', because: 'the agent reads by netlink, where no tool can fail' },
  },
  {
    fault: 'the xtables lock is held, for 30 s too',
    ...part('ipv4', 'xtables lock'),
    shown: { by: '`test/kernel/faults/tools.test.ts`', because: 'only the legacy backend has that lock' },
  },
  {
    fault: 'a command that SIGKILL does not end, or whose output does not end',
    ...part('ipv4', 'timed out'),
    shown: { by: '`test/kernel/command.test.ts`', because: 'each such command takes its timeout' },
  },
  {
    fault: 'the kernel refuses a set or chain of one isolation (set limits, a missing set type, a full set)',
    ...rejected('PolicyNotEnforced', 'refused', 'set is full'),
    shown: 'here',
  },
  nothing(
    'a set cannot be destroyed, since the kernel is not through with the rule that named it',
    'test/kernel/leftover.test.ts',
    'no rule names the set',
  ),
  {
    fault: 'the kernel refuses everything',
    ...part('ipv4', 'no space left on device'),
    shown: {
      by: '`test/reconcile/narrowing.test.ts`',
      because: 'it is the refusal of iptables-restore above, in both families',
    },
  },
  {
    fault: 'iptables or ip6tables refuses, cannot tell its rules, or is missing, in one family',
    ...part('ipv6', 'no table of six'),
    shown: 'here',
  },
  {
    fault: 'the raw table of a family cannot be used',
    ...part('ipv6 sources', 'no table', 'PoliciesInForceInPart'),
    shown: { by: '`test/kernel/parts.test.ts`', because: 'it needs pods with real links' },
  },
  {
    fault: 'conntrack(8) is missing',
    ...part('live connections', 'not found', 'PoliciesInForceInPart'),
    shown: { by: '`test/kernel/parts.test.ts`', because: 'it needs live connections' },
  },
  {
    fault: 'ip_set, a set type of every program, xt_set, xt_conntrack, nft_compat or every iptables is missing',
    told: {
      readyz: 503,
      metric: 'portcullis_controller_node_is_not_enforcing',
      condition: 'AgentStale',
      event: 'NodeNotEnforcing',
      log: 'no policy can be enforced on this node; the agent ends, and the rules in the kernel stay',
      status: 'enforcement.level',
    },
    end: { event: 'NodeEnforcing', log: 'this node enforces all of its policies' },
    shown: {
      by: '`test/kernel/requirements.test.ts`, `test/api/controller.test.ts`',
      because: 'the agent ends, so that the controller tells it, and the termination message of the pod',
    },
  },
  nothing('a set too small', 'test/kernel/repair.test.ts', 'the set is replaced in the same pass'),
  {
    fault: 'killed between any two lines of a plan',
    told: {
      readyz: 503,
      metric: 'portcullis_controller_node_is_not_enforcing',
      condition: 'AgentStale',
      event: 'NodeNotEnforcing',
      log: 'a node does not enforce',
      status: 'enforcement.level',
    },
    end: { event: 'NodeEnforcing', log: 'a node enforces again' },
    shown: {
      by: '`test/api/controller.test.ts`',
      because: 'a dead agent tells nothing; the controller does, where it is not back within 30 s',
    },
  },
  {
    fault: 'two agents on one node',
    told: {
      readyz: 503,
      metric: 'portcullis_ready 0',
      condition: 'PoliciesInForce',
      event: 'TwoAgents',
      log: 'another agent runs on this node; waiting until it ends',
      status: 'enforcement.reasons',
      detail: 'another agent works on this node',
    },
    end: { event: 'OneAgent', log: 'the other agent has ended; this one takes over' },
    shown: 'here',
  },
  nothing(
    'a process without capabilities has the name of agents',
    'test/kernel/faults/surface.test.ts',
    'the agent goes on without the name within 2 s',
  ),
  {
    fault: 'the port of the listener is taken, its address is not there, a certificate is missing or broken',
    told: {
      readyz: 200,
      metric: 'portcullis_listen_failures_total',
      condition: 'PoliciesInForce',
      log: 'cannot serve metrics, health and status; policies are still enforced',
      status: 'listener',
      detail: 'EADDRINUSE',
    },
    end: { log: 'serving metrics, health and status' },
    shown: {
      by: '`test/kernel/faults/surface.test.ts`',
      because: '`/readyz` and `/metrics` are what is missing; the probes read a file, and `status` a socket',
    },
  },
  nothing('the listener is full', 'test/telemetry/limits.test.ts', 'the probes of the kubelet read a file'),
  {
    fault: 'the agent hangs or is stopped',
    told: {
      readyz: 503,
      metric: 'portcullis_controller_node_is_not_enforcing',
      condition: 'AgentStale',
      event: 'NodeNotEnforcing',
      log: 'a node does not enforce',
      status: 'enforcement.level',
    },
    end: { event: 'NodeEnforcing', log: 'a node enforces again' },
    shown: {
      by: '`test/api/controller.test.ts`',
      because: 'a stopped agent tells nothing; the controller does after 30 s',
    },
  },
  {
    fault: 'another program puts its rules before ours, whenever ours are first',
    told: {
      readyz: 200,
      metric: 'portcullis_hook_position_is_contested 1',
      condition: 'PoliciesInForce',
      event: 'HookPositionContested',
      log: 'another program keeps inserting rules before ours',
      status: 'lastDrift.changed',
      detail: 'before',
    },
    end: { event: 'HookPositionHeld', log: 'no other program inserts rules before ours any more' },
    shown: {
      by: '`test/reconcile/contest.test.ts`, `test/telemetry/events/sync-events.test.ts`',
      because: 'its end is known after ten minutes without an exchange',
    },
  },
  {
    fault: 'a firewall is reloaded (`nft flush ruleset`, `iptables -t security -F`)',
    told: REPAIRED,
    shown: 'here',
  },
  nothing(
    'rules of others that the tools cannot print: unknown extensions, native rules of nftables, in any table',
    'test/kernel/foreign.test.ts',
    'they are passed over',
  ),
  {
    fault: "a tool's answer is cut off, or a remark with exit code 0",
    ...part('ipv4', 'cut off'),
    shown: { by: '`test/kernel/foreign.test.ts`', because: 'it is reported as the refusal of one family' },
  },
  nothing(
    'the kernel has no security table (legacy)',
    'test/kernel/home-tables.test.ts',
    'one line at the start; the filter table does the same',
  ),
  nothing('kube-proxy restores its chains, Docker inserts its own', 'test/kernel/neighbours.test.ts', 'it is no fault'),
  {
    fault: 'br_netfilter off, and pods on a bridge',
    told: {
      readyz: 200,
      metric: 'portcullis_bridge_is_not_filtered{bridge="cni9",family="ipv4"} 1',
      condition: 'BridgeNotFiltered',
      event: 'BridgeNotFiltered',
      log: 'policies are not enforced between pods on this bridge',
      status: 'unseenBridges',
      detail: 'cni9',
    },
    end: { event: 'BridgeFiltered', log: 'policies are enforced between pods on this bridge again' },
    shown: {
      by: '`test/kernel/unseen-bridges.test.ts`, `test/telemetry/surroundings.test.ts`, `test/agent/pod-verdicts.test.ts`',
      because: 'each surface by itself; the bridges of a node are found in its /sys',
    },
  },
  {
    fault: 'a pod whose packets no rule of the node sees',
    told: {
      readyz: 200,
      metric: 'portcullis_unseen_network_pods{network="no_node_end"} 1',
      condition: 'UnseenNetwork',
      event: 'UnseenNetwork',
      log: 'no policy holds for a pod: no rule of the node sees its packets',
      status: 'unseenPods',
      detail: 'up0',
    },
    end: { event: 'NetworkSeen', log: 'no longer unseen' },
    shown: 'here',
  },
  nothing(
    'another program has the NFLOG group of records',
    'test/kernel/record-port.test.ts',
    'records alone are concerned: a warning where all four groups are taken',
  ),
  nothing(
    'records come faster than they are read',
    'test/kernel/records.test.ts',
    'records alone are concerned: `portcullis_denied_reports_total{outcome="lost"}` counts them',
  ),
  nothing(
    'the file of records is cut off or changed',
    'test/records/store-file.test.ts',
    'records alone are concerned: one warning at the start',
  ),
  {
    fault: 'events are refused, or the API server is away',
    told: {
      readyz: 200,
      metric: 'portcullis_events_total{outcome="dropped"}',
      condition: 'PoliciesInForce',
      log: 'cannot post events; the log has the same messages',
      status: 'events.trouble',
      detail: '403',
    },
    end: { log: 'posting events works again' },
    shown: 'here',
  },
  {
    fault: 'out of file descriptors',
    ...part('ipv4', 'EMFILE'),
    shown: { by: '`test/kernel/faults/resources.test.ts`', because: 'the listener has none either while it lasts' },
  },
  {
    fault: 'out of processes',
    ...part('ipv4', 'EAGAIN'),
    shown: { by: '`test/kernel/faults/resources.test.ts`', because: 'it needs a limit of a user of its own' },
  },
  nothing(
    'a disk that cannot be written',
    'test/kernel/faults/resources.test.ts',
    'the agent writes no file to a disk',
  ),
  nothing('the wall clock jumps', 'test/reconcile/clock-jumps.test.ts', 'nothing depends on it'),
  {
    fault: 'the compiler fails on one policy',
    ...rejected('InvalidPolicy', 'broken', 'cannot be compiled'),
    shown: {
      by: '`test/policy/incremental/broken-policy.test.ts`',
      because: 'it takes a defect in the compiler; it is reported as a policy with a fault, below',
    },
  },
  {
    fault: 'the compiler fails on one isolation',
    ...rejected('InvalidPolicy', 'broken', 'cannot be compiled'),
    shown: {
      by: '`test/program/incremental/broken-isolation.test.ts`',
      because: 'it takes a defect in the compiler; it is reported as a policy with a fault, below',
    },
  },
  {
    fault: 'junk anywhere in a rule, or a policy above the limits',
    ...rejected('InvalidPolicy', 'large', 'spec.ingress'),
    shown: 'here',
  },
];
