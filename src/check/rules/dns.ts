import type { FieldPath } from '../../model/field-path.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PeerSpec } from '../../policy/parsed.ts';
import type { Finding } from '../finding.ts';
import { rulesOf } from '../rule-fields.ts';
import type { CheckedCluster, CheckedPolicy } from '../subject.ts';
import { listFew } from '../words.ts';
import { describePeer, selectorCovers } from './coverage.ts';
import { asksDns, canBeDns, findNodeLocal, isDnsPort, NODE_LOCAL_ADDRESS } from './dns-place.ts';

const ADVICE =
  'allow egress to namespaceSelector kubernetes.io/metadata.name: kube-system with podSelector k8s-app: kube-dns, ports UDP 53 and TCP 53';

/** Policies that together determine where some pods may connect to. */
type Alliance = readonly CheckedPolicy[];

const isolatesEgress = ({ parsed }: CheckedPolicy): boolean =>
  parsed.faults.length === 0 && parsed.directions.includes('egress');

/**
 * Policies that select the same pods. If no pod is known: those whose selectors select at least as many; and for a policy
 * that denies everything, those that select some of its pods, since each of these may have a policy of its own.
 */
const alliancesOf = (policies: readonly CheckedPolicy[]): readonly Alliance[] => {
  const byPod = new Map<string, CheckedPolicy[]>();
  for (const policy of policies) {
    for (const { uid } of policy.pods) byPod.set(uid, [...(byPod.get(uid) ?? []), policy]);
  }
  const idle = policies.filter(({ pods }) => pods.length === 0);
  const byNamespace = Map.groupBy(policies, ({ parsed }) => parsed.namespace);
  const withIdle = idle.map(({ parsed: { namespace, podSelector, rules } }) =>
    (byNamespace.get(namespace) ?? []).filter(
      ({ parsed }) =>
        selectorCovers(parsed.podSelector, podSelector) ||
        (rules.egress.length === 0 && selectorCovers(podSelector, parsed.podSelector)),
    ),
  );
  return [...byPod.values(), ...withIdle];
};

/** A rule, its relation to DNS, and its place. */
interface DnsRule {
  readonly policy: CheckedPolicy;
  readonly field: FieldPath;
  readonly peers: readonly PeerSpec[] | 'any';
  readonly overUdp: boolean;
  /** Its ports include one of DNS by name, not just every port. */
  readonly namesPort: boolean;
  readonly reaches: boolean;
}

const dnsRulesOf = (policy: CheckedPolicy, cluster: CheckedCluster): readonly DnsRule[] =>
  rulesOf(policy.parsed)
    .filter(({ direction }) => direction === 'egress')
    .map(({ rule, peersField }) => ({
      policy,
      field: peersField,
      peers: rule.peers,
      overUdp: rule.ports === 'any' || rule.ports.some((port) => asksDns(port, 'UDP')),
      namesPort: rule.ports !== 'any' && rule.ports.some(isDnsPort),
      reaches: rule.peers === 'any' || rule.peers.some((peer) => canBeDns(peer, policy.parsed.namespace, cluster)),
    }));

/** Returns the policy to report if several forget DNS together: one that denies everything, or the first. */
const culprit = (alliance: Alliance): CheckedPolicy | undefined =>
  alliance.find(({ parsed }) => parsed.rules.egress.length === 0) ?? alliance[0];

const forgotten = (alliance: Alliance): Finding | undefined => {
  const policy = culprit(alliance)?.parsed;
  if (policy === undefined) return undefined;
  const others = alliance.map(({ parsed }) => parsed.key).filter((key) => key !== policy.key);
  const together = others.length === 0 ? '' : `, nor does ${listFew(others)}`;
  return {
    code: 'no-dns',
    policy: policy.key,
    field: ['spec', policy.rules.egress.length > 0 ? 'egress' : 'policyTypes'],
    message: `isolates egress and does not allow DNS${together}: its pods cannot resolve names`,
    suggestion: ADVICE,
  };
};

const elsewhere = ({ policy, field, peers }: DnsRule): Finding => {
  const own = policy.parsed.namespace;
  const named = listFew((peers === 'any' ? [] : peers).map((peer) => describePeer(peer, own)));
  return {
    code: 'dns-elsewhere',
    policy: policy.parsed.key,
    field,
    message: `allows DNS only to ${named}, where the cluster's name servers are not: its pods cannot resolve names`,
    suggestion: `a podSelector without a namespaceSelector means pods of namespace ${own}; ${ADVICE}`,
  };
};

const overTcp = ({ policy, field }: DnsRule): Finding => ({
  code: 'dns-tcp-only',
  policy: policy.parsed.key,
  field: [...field.slice(0, -1), 'ports'],
  message: 'allows DNS over TCP alone (TCP is what a port without protocol means); DNS queries use UDP',
  suggestion: 'add {protocol: UDP, port: 53} beside the TCP one',
});

const pastNodeLocal = ({ policy, field }: DnsRule, name: string): Finding => ({
  code: 'node-local-dns',
  policy: policy.parsed.key,
  field,
  message: `means the pods of the cluster's DNS, but ${name} answers on each node, on the host network, which no selector means`,
  suggestion: `add an ipBlock ${NODE_LOCAL_ADDRESS}/32 and one for the address of the kube-dns Service; Portcullis does not judge what a pod sends to its own node, other engines do`,
});

const judge = (
  alliance: Alliance,
  rulesOfPolicy: (policy: CheckedPolicy) => readonly DnsRule[],
  nodeLocal: PodEndpoint | undefined,
): Finding | undefined => {
  const rules = alliance.flatMap(rulesOfPolicy);
  const good = rules.filter(({ overUdp, reaches }) => overUdp && reaches);
  if (good.length > 0) {
    const byAddress = good.some(({ peers }) => peers === 'any' || peers.some(({ kind }) => kind === 'ipBlock'));
    const told = good.find(({ namesPort }) => namesPort);
    if (nodeLocal === undefined || byAddress || told === undefined) return undefined;
    return pastNodeLocal(told, `${nodeLocal.namespace}/${nodeLocal.name}`);
  }
  const misled = rules.find(({ overUdp, namesPort }) => overUdp && namesPort);
  if (misled !== undefined) return elsewhere(misled);
  const tcp = rules.find(({ namesPort, reaches }) => namesPort && reaches);
  return tcp === undefined ? forgotten(alliance) : overTcp(tcp);
};

/** Finds pods that cannot resolve names: egress is isolated, and no rule of the policies that select them allows DNS. */
export const findForgottenDns = (cluster: CheckedCluster): readonly Finding[] => {
  const found = new Map<string, Finding>();
  const judged = new Set<string>();
  const isolating = cluster.policies.filter(isolatesEgress);
  const rules = new Map(isolating.map((policy) => [policy, dnsRulesOf(policy, cluster)]));
  const nodeLocal = findNodeLocal(cluster);
  for (const alliance of alliancesOf(isolating)) {
    const members = alliance.map(({ parsed }) => parsed.key).join(' ');
    if (judged.has(members)) continue;
    judged.add(members);
    const finding = judge(alliance, (policy) => rules.get(policy) ?? [], nodeLocal);
    if (finding !== undefined && !found.has(finding.policy)) found.set(finding.policy, finding);
  }
  return [...found.values()];
};
