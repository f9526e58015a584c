import type { Labels } from '../../model/labels.ts';
import type { PeerSpec } from '../../policy/parsed.ts';
import { selects } from '../../policy/selector.ts';
import type { Finding } from '../finding.ts';
import type { CheckedCluster, CheckedPolicy } from '../subject.ts';
import { asksDns, nameServersIn, USUAL_DNS } from './dns-place.ts';

/** Other namespaces too: by labels, or by address. */
const isElsewhere = (peer: PeerSpec): boolean => peer.kind === 'ipBlock' || peer.namespaceSelector !== undefined;

/** Lets pods of other namespaces ask: of which, is the administrator's business. */
const letsAsk = ({ parsed }: CheckedPolicy): boolean =>
  parsed.rules.ingress.some(
    ({ peers, ports }) =>
      (peers === 'any' || peers.some(isElsewhere)) && (ports === 'any' || ports.some((port) => asksDns(port, 'UDP'))),
  );

/** Policies that close the cluster's name servers: to those who ask, or to all that they have to ask themselves. */
export const findClosedDns = (cluster: CheckedCluster): readonly Finding[] => {
  const [known] = nameServersIn(cluster);
  const place: { readonly namespace: string; readonly labels: Labels } = known ?? USUAL_DNS;
  const concerned = cluster.policies.filter(
    ({ parsed: { namespace, podSelector, faults } }) =>
      namespace === place.namespace && faults.length === 0 && selects(podSelector, place.labels),
  );
  const closing = (direction: 'ingress' | 'egress'): CheckedPolicy | undefined => {
    const isolating = concerned.filter(({ parsed }) => parsed.directions.includes(direction));
    return isolating.find(({ parsed }) => parsed.rules[direction].length === 0) ?? isolating[0];
  };
  const told = (policy: CheckedPolicy, message: string, suggestion: string): Finding => ({
    code: 'dns-closed',
    policy: policy.parsed.key,
    field: ['spec', 'podSelector'],
    message: `selects the cluster's name servers (${place.namespace}), ${message}`,
    suggestion,
  });
  const found: Finding[] = [];
  const ingress = closing('ingress');
  if (ingress !== undefined && !concerned.some(letsAsk)) {
    found.push(
      told(
        ingress,
        'and nobody in another namespace may ask them: no pod of the cluster can resolve names',
        'add a policy for the name servers that allows ingress from namespaceSelector {} on UDP 53 and TCP 53',
      ),
    );
  }
  const egress = closing('egress');
  if (egress !== undefined && concerned.every(({ parsed }) => parsed.rules.egress.length === 0)) {
    found.push(
      told(
        egress,
        'and they may ask nobody: neither the API server for Services nor a name server outside',
        'allow their egress, or select other pods of the namespace by their labels',
      ),
    );
  }
  return found;
};
