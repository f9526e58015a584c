import type { Labels } from '../../model/labels.ts';
import type { PeerSpec, PortSpec, RuleSpec } from '../../policy/parsed.ts';
import { selectorKey, selects } from '../../policy/selector.ts';
import type { Finding } from '../finding.ts';
import type { CheckedCluster, CheckedPolicy } from '../subject.ts';
import { listFew } from '../words.ts';

const DNS_PORT = 53;
const DNS_NAMESPACE = 'kube-system';

/** Labels that CoreDNS and kube-dns carry in every usual installation. */
const DNS_LABELS: Labels = new Map([['k8s-app', 'kube-dns']]);

const isDnsPort = (port: PortSpec): boolean =>
  port.protocol === 'UDP' &&
  (port.kind === 'named' ? port.name.startsWith('dns') : port.from <= DNS_PORT && port.to >= DNS_PORT);

const canBeDns = (peer: PeerSpec, own: string, { namespaces }: CheckedCluster): boolean => {
  // Where name servers outside the cluster are cannot be known.
  if (peer.kind === 'ipBlock') return true;
  const { podSelector, namespaceSelector } = peer;
  const inNamespace =
    namespaceSelector === undefined
      ? own === DNS_NAMESPACE
      : selects(namespaceSelector, namespaces.get(DNS_NAMESPACE) ?? new Map());
  return inNamespace && (podSelector === undefined || selects(podSelector, DNS_LABELS));
};

/** A rule that names port 53 is about DNS, whoever its peer is; one for every port must reach where DNS is. */
const allowsDns = (rule: RuleSpec, own: string, cluster: CheckedCluster): boolean => {
  const names53 = rule.ports !== 'any' && rule.ports.some((port) => isDnsPort(port) && !isEveryPort(port));
  if (names53) return true;
  if (rule.ports !== 'any' && !rule.ports.some(isDnsPort)) return false;
  return rule.peers === 'any' || rule.peers.some((peer) => canBeDns(peer, own, cluster));
};

const isEveryPort = (port: PortSpec): boolean => port.kind === 'range' && port.from === 1 && port.to === 65_535;

/** Policies that together decide where some pods may connect to. */
type Alliance = readonly CheckedPolicy[];

const isolatesEgress = ({ parsed }: CheckedPolicy): boolean =>
  parsed.faults.length === 0 && parsed.directions.includes('egress');

/** Policies that select the same pods; where no pod is known, those with the same selector or one for all pods. */
const alliancesOf = (policies: readonly CheckedPolicy[]): readonly Alliance[] => {
  const byPod = new Map<string, CheckedPolicy[]>();
  for (const policy of policies) {
    for (const { uid } of policy.pods) byPod.set(uid, [...(byPod.get(uid) ?? []), policy]);
  }
  const idle = policies.filter(({ pods }) => pods.length === 0);
  const withIdle = idle.map((policy) =>
    policies.filter(
      ({ parsed: { namespace, podSelector } }) =>
        namespace === policy.parsed.namespace &&
        (podSelector.requirements.length === 0 || selectorKey(podSelector) === selectorKey(policy.parsed.podSelector)),
    ),
  );
  return [...byPod.values(), ...withIdle];
};

/** Of policies that forget DNS together, the one to tell it of: one that denies all, else the first. */
const culprit = (alliance: Alliance): CheckedPolicy | undefined =>
  alliance.find(({ parsed }) => parsed.rules.egress.length === 0) ?? alliance[0];

/** Pods that may not resolve names: egress is isolated, and no rule of all that govern them allows UDP 53. */
export const findForgottenDns = (cluster: CheckedCluster): readonly Finding[] => {
  const found = new Map<string, Finding>();
  for (const alliance of alliancesOf(cluster.policies.filter(isolatesEgress))) {
    const allows = alliance.some(({ parsed }) =>
      parsed.rules.egress.some((rule) => allowsDns(rule, parsed.namespace, cluster)),
    );
    const policy = culprit(alliance)?.parsed;
    if (allows || policy === undefined || found.has(policy.key)) continue;
    const others = alliance.map(({ parsed }) => parsed.key).filter((key) => key !== policy.key);
    const together = others.length === 0 ? '' : `, nor does ${listFew(others)}`;
    found.set(policy.key, {
      code: 'no-dns',
      policy: policy.key,
      field: ['spec', policy.rules.egress.length > 0 ? 'egress' : 'policyTypes'],
      message: `isolates egress and does not allow DNS${together}: its pods cannot resolve names`,
      suggestion:
        'allow egress to namespaceSelector kubernetes.io/metadata.name: kube-system with podSelector k8s-app: kube-dns, ports UDP 53 and TCP 53',
    });
  }
  return [...found.values()];
};
