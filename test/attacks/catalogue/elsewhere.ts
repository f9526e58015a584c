/** A way around the rules that another test tries, or that no test tries because nothing on a node can stop it. */
export interface Elsewhere {
  readonly name: string;
  readonly what: string;
  readonly outcome: 'held' | 'closed' | 'cannot be held';
  /** What stops it, or why nothing does. */
  readonly by: string;
  /** The test, from the root of the project; absent if there is none. */
  readonly test?: string;
}

export const ELSEWHERE: readonly Elsewhere[] = [
  {
    name: 'agent/port-taken',
    what: 'a process of the node’s network without capabilities listens where the agent would',
    outcome: 'closed',
    by: 'enforcement does not wait for the listener',
    test: 'test/kernel/faults/surface.test.ts',
  },
  {
    name: 'agent/lock-name-taken',
    what: 'such a process takes the name by which agents know of each other',
    outcome: 'closed',
    by: 'the node lock takes NET_ADMIN',
    test: 'test/kernel/node-lock/kernel-lock.test.ts',
  },
  {
    name: 'agent/half-open-requests',
    what: 'such a process fills the listener with requests that it does not end',
    outcome: 'closed',
    by: 'probes are answered by a program of the image, not over HTTP',
    test: 'test/kernel/faults/surface.test.ts',
  },
  {
    name: 'agent/listener-from-pods',
    what: 'a pod connects to the agent’s listener',
    outcome: 'held',
    by: 'it is on the loopback address unless it was moved',
    test: 'test/kernel/listening.test.ts',
  },
  {
    name: 'agent/hostile-names',
    what: 'names, labels and ports that are quotes, options or line ends',
    outcome: 'held',
    by: 'they reach the kernel as digests, or reduced, and by no shell',
    test: 'test/kernel/hostile-text.test.ts',
  },
  {
    name: 'agent/rules-changed-by-others',
    what: 'a neighbour with NET_ADMIN flushes or edits rules and sets',
    outcome: 'held',
    by: 'drift is found within a drift interval and repaired; until then it is as the neighbour wants it',
    test: 'test/kernel/repair.test.ts',
  },
  {
    name: 'agent/refused-policy',
    what: 'a policy that the kernel refuses keeps others from being applied',
    outcome: 'held',
    by: 'a rejected change is bisected, and its pods are closed',
    test: 'test/kernel/refusals.test.ts',
  },
  {
    name: 'agent/new-pod',
    what: 'a pod uses its address before the API knows it',
    outcome: 'held',
    by: 'CNI results and the gate close addresses that no known pod has',
    test: 'test/kernel/early.test.ts',
  },
  {
    name: 'channels/allowed-traffic',
    what: 'two pods that may talk on one port carry on it what they like',
    outcome: 'cannot be held',
    by: 'NetworkPolicy judges addresses and ports, not contents',
  },
  {
    name: 'channels/timing',
    what: 'two pods on one node signal by load, by the times of packets they may send, or by how full the connection table is',
    outcome: 'cannot be held',
    by: 'they share processors, queues and tables; only different nodes separate them',
  },
  {
    name: 'channels/ip-id',
    what: 'a pod reads from the identification or ports of the node’s packets how much others send',
    outcome: 'cannot be held',
    by: 'the kernel counts per destination and adds noise (RFC 7739); no rule can change the numbers',
  },
  {
    name: 'channels/by-the-node',
    what: 'a caged pod tells its node something that another pod may ask the node',
    outcome: 'cannot be held',
    by: 'NetworkPolicy always allows a pod and its node to talk; programs of the node decide what they repeat',
  },
  {
    name: 'channels/resolver',
    what: 'a caged pod that may use DNS sends data as names',
    outcome: 'cannot be held',
    by: 'the resolver asks others on its behalf; a resolver with a policy of its own can refuse',
  },
  {
    name: 'nodes/uplink-neighbours',
    what: 'a machine in the nodes’ network claims another node’s address by ARP or neighbour discovery',
    outcome: 'cannot be held',
    by: 'nodes find each other by it; switches with inspection, fixed neighbours or encryption between nodes hold it',
  },
  {
    name: 'nodes/taken-node',
    what: 'a node that was taken sends as any of its pods, or as any pod to other nodes',
    outcome: 'cannot be held',
    by: 'other nodes know its pods by its word alone',
  },
  {
    name: 'nodes/host-network',
    what: 'a pod of the node’s network namespace sends as the node',
    outcome: 'cannot be held',
    by: 'NetworkPolicy does not apply to it; Pod Security keeps hostNetwork to those who need it',
  },
  {
    name: 'nodes/helpers',
    what: 'the contents of an allowed connection make the kernel expect another one (FTP, SIP, IRC, TFTP, H.323)',
    outcome: 'held',
    by: 'no helper is assigned to a connection unless a rule of somebody’s does it (nf_conntrack_helper is gone since Linux 6.0)',
  },
  {
    name: 'nodes/other-tunnels',
    what: 'a pod speaks to its node’s Geneve, WireGuard, IPIP, 6in4 or GRE endpoint',
    outcome: 'closed',
    by: 'pods do not speak to the node’s tunnel endpoints, which are known by their devices',
    test: 'test/render/raw-table.test.ts',
  },
  {
    name: 'nodes/full-connection-table',
    what: 'a tenant fills the node’s table of connections, so that others cannot open any',
    outcome: 'cannot be held',
    by: 'the table is the node’s; what is forbidden stays so, since packets without an entry are judged or dropped',
  },
];
