import fc from 'fast-check';
import type { JsonPort } from '../../../test/support/naive/world.ts';
import type { RawPort } from '../fuzz-cluster.ts';

const NUMBERS = [1, 53, 80, 81, 443, 8080, 65_535] as const;
const NAMES = ['web', 'dns', 'a-1'] as const;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

const number = fc.constantFrom(...NUMBERS);
const name = fc.constantFrom(...NAMES);
const protocol = fc.constantFrom(...PROTOCOLS);

const numbers: fc.Arbitrary<Omit<JsonPort, 'protocol'>> = fc.oneof(
  fc.constant({}),
  number.map((port) => ({ port })),
  number.map((port) => ({ port })),
  name.map((port) => ({ port })),
  fc.tuple(number, fc.nat(9_000)).map(([port, more]) => ({ port, endPort: Math.min(65_535, port + more) })),
);

/** One entry of a rule's `ports`. */
export const policyPort: fc.Arbitrary<JsonPort> = fc
  .tuple(fc.option(protocol, { nil: undefined }), numbers)
  .map(([named, rest]) => (named === undefined ? rest : { protocol: named, ...rest }));

/** More ports than fit into one rule of iptables (multiport has 15 places). */
export const manyPorts: fc.Arbitrary<readonly JsonPort[]> = fc
  .tuple(protocol, fc.integer({ min: 14, max: 24 }), fc.boolean())
  .map(([of, count, ranges]) =>
    Array.from({ length: count }, (_, at) => ({
      protocol: of,
      port: 1000 + at * 10,
      ...(ranges && at % 3 === 0 && { endPort: 1004 + at * 10 }),
    })),
  );

/** One entry of a container's `ports`. */
export const containerPort: fc.Arbitrary<RawPort> = fc
  .tuple(fc.option(name, { nil: undefined }), number, fc.option(protocol, { nil: undefined }))
  .map(([called, containerPort, of]) => ({
    ...(called !== undefined && { name: called }),
    containerPort,
    ...(of !== undefined && { protocol: of }),
  }));
