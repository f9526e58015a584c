import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import type { Packet } from '../../src/trace/packet.ts';
import type { PortSet } from '../../src/trace/port-set.ts';
import { arrives, egressAllows, ingressAllows } from '../support/naive/evaluate.ts';
import { addressesOf, arbitraryWorld, toSnapshot } from './arbitrary-world.ts';

/** FC_SEED selects other worlds; a failure prints the seed to use again, and the smallest world. */
const SEED = Number(process.env['FC_SEED'] ?? 20_261);
const WORLDS = 1_000;

const TARGETS = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 443 },
  { protocol: 'TCP', port: 9000 },
  { protocol: 'UDP', port: 81 },
  { protocol: 'SCTP', port: 8080 },
  { protocol: 'other', port: 0 },
] as const;

const holds = (ports: PortSet, { protocol, port }: Packet): boolean =>
  protocol === 'other' ? ports.other : ports[protocol].some(({ from, to }) => port >= from && port <= to);

test('the evaluator and the naive reading agree on every packet of generated clusters', () => {
  let compared = 0;
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      const snapshot = toSnapshot(world);
      const policy = compileNodePolicy(snapshot, undefined);
      if (policy.faults.length > 0) throw new Error(`a valid policy was refused: ${JSON.stringify(policy.faults)}`);
      const evaluator = createEvaluator(policy, snapshot.pods.values());
      const addresses = addressesOf(world);
      for (const source of addresses) {
        for (const destination of addresses) {
          if (source.includes(':') !== destination.includes(':')) continue;
          const reach = evaluator.reach(source, destination);
          for (const target of TARGETS) {
            const packet: Packet = { source, destination, ...target };
            const naive = { from: source, to: destination, ...target };
            const trace = evaluator.trace(packet);
            const egress = trace.egress.kind !== 'denied';
            const ingress = trace.ingress.kind !== 'denied';
            const arrived = trace.verdict === 'allow';
            compared += 1;
            if (
              egress !== egressAllows(world, naive) ||
              ingress !== ingressAllows(world, naive) ||
              arrived !== arrives(world, naive) ||
              arrived !== holds(reach.ports, packet)
            ) {
              throw new Error(`${JSON.stringify(packet)}: ${JSON.stringify({ trace, reach })}`);
            }
          }
        }
      }
    }),
    { seed: SEED, numRuns: WORLDS },
  );
  expect(compared).toBeGreaterThan(WORLDS * TARGETS.length);
});
