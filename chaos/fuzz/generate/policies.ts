import fc from 'fast-check';
import type { JsonPolicy } from '../../../test/support/naive/world.ts';
import type { FuzzPolicy } from '../fuzz-cluster.ts';
import { spoil } from './faults.ts';
import { NAMESPACES, selector } from './labels.ts';
import { peer } from './peers.ts';
import { manyPorts, policyPort } from './ports.ts';

type Spec = JsonPolicy['spec'];

const withoutUndefined = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const peers = optional(fc.array(peer, { maxLength: 3 }));
const ports = optional(
  fc.oneof({ weight: 9, arbitrary: fc.array(policyPort, { maxLength: 3 }) }, { weight: 1, arbitrary: manyPorts }),
);

const ingressRule = fc.record({ from: peers, ports }).map(withoutUndefined);
const egressRule = fc.record({ to: peers, ports }).map(withoutUndefined);

/** A spec that an API server accepts. */
export const soundSpec: fc.Arbitrary<Spec> = fc
  .record({
    podSelector: selector,
    policyTypes: optional(fc.subarray(['Ingress', 'Egress'])),
    ingress: optional(fc.array(ingressRule, { maxLength: 2 })),
    egress: optional(fc.array(egressRule, { maxLength: 2 })),
  })
  .map((fields) => withoutUndefined(fields) as Spec);

/** One policy in this many is invalid. */
const FAULTY_ONE_IN = 8;

const policy: fc.Arbitrary<Omit<FuzzPolicy, 'object'> & { readonly namespace: string; readonly spec: object }> = fc
  .tuple(fc.constantFrom(...NAMESPACES), soundSpec, fc.nat(FAULTY_ONE_IN - 1), fc.nat(1_000))
  .map(([namespace, sound, faulty, how]) =>
    faulty !== FAULTY_ONE_IN - 1
      ? { namespace, spec: sound, meaning: sound, faulty: false }
      : { namespace, ...spoil(sound, how), faulty: true },
  );

export const policies: fc.Arbitrary<readonly FuzzPolicy[]> = fc.array(policy, { minLength: 1, maxLength: 9 }).map((all) =>
  all.map(({ namespace, spec: written, meaning, faulty }, at) => ({
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name: `policy-${at}` },
      spec: written as Readonly<Record<string, unknown>>,
    },
    meaning,
    faulty,
  })),
);
