import type { JsonPolicy } from '../../../test/support/naive/world.ts';

type Spec = JsonPolicy['spec'];

/** An invalid spec, and the isolation that must remain of it. */
export interface Spoiled {
  readonly spec: object;
  readonly meaning: Spec;
}

const BOTH = ['Ingress', 'Egress'];

/** Returns the API's default directions of a spec without policyTypes; `hasEgress` says whether it has egress rules. */
const typesOf = ({ policyTypes, egress }: Spec, hasEgress = (egress ?? []).length > 0): readonly string[] => {
  if (policyTypes !== undefined && policyTypes.length > 0) return policyTypes;
  return hasEgress ? BOTH : ['Ingress'];
};

/** Returns the isolation without rules: "a fault can only close". */
const closed = (spec: Spec, directions: readonly string[], podSelector = spec.podSelector ?? {}): Spec => ({
  podSelector,
  policyTypes: directions,
});

const inIngress = (spec: Spec, rule: object): Spoiled => ({
  spec: { ...spec, ingress: [...(spec.ingress ?? []), rule] },
  meaning: closed(spec, typesOf(spec)),
});

const inEgress = (spec: Spec, rule: object): Spoiled => ({
  spec: { ...spec, egress: [...(spec.egress ?? []), rule] },
  meaning: closed(spec, typesOf(spec, true)),
});

const inPeer = (peer: object) => (spec: Spec) => inIngress(spec, { from: [peer] });
const inPort = (port: object) => (spec: Spec) => inEgress(spec, { ports: [port] });

/** An invalid selector may mean any pod of the namespace. */
const inSubject = (podSelector: object) => (spec: Spec): Spoiled => ({
  spec: { ...spec, podSelector },
  meaning: closed(spec, typesOf(spec), {}),
});

const FAULTS: readonly ((spec: Spec) => Spoiled)[] = [
  inPeer({}),
  inPeer({ ipBlock: { cidr: '10.0.0.300/8' } }),
  inPeer({ ipBlock: { cidr: '10.0.0.0/33' } }),
  inPeer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
  inPeer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
  inPeer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
  inPeer({ podSelector: { matchExpressions: [{ key: 'app', operator: 'Like', values: ['web'] }] } }),
  inPeer({ podSelector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
  inPeer({ podSelector: { matchLabels: { app: 7 } } }),
  inPeer({ serviceSelector: {} }),
  inPort({ port: 70_000 }),
  inPort({ port: 0 }),
  inPort({ port: 80, endPort: 79 }),
  inPort({ port: 'web', endPort: 90 }),
  inPort({ port: 'Not a name' }),
  inPort({ port: 80, protocol: 'ICMP' }),
  inPort({ endPort: 80 }),
  inSubject({ matchExpressions: [{ key: 'app', operator: 'Exists', values: ['web'] }] }),
  inSubject({ matchLabels: { 'not a key': 'web' } }),
  inSubject({ matchLabel: { app: 'web' } }),
  (spec) => ({ spec: { ...spec, policyTypes: ['Ingress', 'Sideways'] }, meaning: closed(spec, BOTH) }),
  (spec) => ({ spec: { ...spec, ingress: 'all' }, meaning: closed(spec, typesOf(spec)) }),
  (spec) => ({ spec: { ...spec, egress: { to: [] } }, meaning: closed(spec, typesOf(spec, true)) }),
  // An unknown field may have meant egress.
  (spec) => ({ spec: { ...spec, egres: [] }, meaning: closed(spec, typesOf(spec, true)) }),
];

/** Makes a valid spec invalid in one of many ways. */
export const spoil = (spec: Spec, how: number): Spoiled => {
  const fault = FAULTS[how % FAULTS.length];
  if (fault === undefined) throw new RangeError('no fault');
  return fault(spec);
};
