import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { planChanges } from '../../src/render/plan.ts';
import { projectProgram } from '../support/project-program.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost } from '../support/fake-kernel/host.ts';
import type { WalkedPacket } from '../support/tracer/packet.ts';
import { walk } from '../support/tracer/tracer.ts';
import { ADDRESSES, PORTS, randomCluster } from './random-cluster.ts';

/** Maximum time to try a property; a run under way is finished. */
const TIME = 5_000;
const runs = (ms: number) => ({ numRuns: 2_000, seed: 20_260_101, plugins: [fc.interruptAfterTimeLimit(ms)] });
const RUNS = runs(TIME);

const KINDS = [
  ...PORTS.map((port) => ({ protocol: 'tcp', port }) as const),
  { protocol: 'udp', port: 80 },
  { protocol: 'tcp', port: 80, state: 'stray' },
] as const;

const PACKETS: readonly WalkedPacket[] = IP_FAMILIES.flatMap((family) =>
  ADDRESSES[family].flatMap((source) =>
    ADDRESSES[family].flatMap((destination) => KINDS.map((kind) => ({ source, destination, ...kind }))),
  ),
);

const textOf = ({ source, destination, protocol, port, state = 'new' }: WalkedPacket): string =>
  `${source} ${destination} ${protocol}/${String(port)} ${state}`;

const allowed = (host: FakeHost): readonly boolean[] =>
  PACKETS.map((packet) => walk(host, packet).verdict === 'accept');

const programOf = (snapshot: ClusterSnapshot): NodeProgram => compileProgram(compileNodePolicy(snapshot, 'n1'));

/** Brings the host to the rule set; with `failAt`, that step and all later ones fail. */
const bring = async (host: FakeHost, program: NodeProgram, failAt = Number.POSITIVE_INFINITY): Promise<void> => {
  const kernel = createFakeKernel(host);
  const plan = planChanges(await kernel.observe(), program);
  let step = 0;
  host.failure = () => {
    step += 1;
    return step > failAt ? 'cut short' : undefined;
  };
  try {
    await kernel.apply(plan);
  } catch (error) {
    if (failAt === Number.POSITIVE_INFINITY) throw error;
  } finally {
    host.failure = () => undefined;
  }
};

describe('transitions between any two states', () => {
  test('nothing passes during a transition that neither end lets pass, and the rule set is complete at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(randomCluster, { minLength: 2, maxLength: 4 }), async (clusters) => {
        const host = createFakeHost();
        for (const snapshot of clusters) {
          const program = programOf(snapshot);
          const before = allowed(host);
          const aim = createFakeHost();
          await bring(aim, program);
          const after = allowed(aim);
          host.afterStep = (step) => {
            const leaks = allowed(host).flatMap((passes, at) =>
              passes && before[at] === false && after[at] === false ? [PACKETS[at]] : [],
            );
            expect({ step, leaks }).toEqual({ step, leaks: [] });
          };
          await bring(host, program);
          host.afterStep = () => undefined;
          expect(planChanges(await createFakeKernel(host).observe(), program).size).toBe(0);
        }
      }),
      RUNS,
    );
  }, 60_000);

  test('a transition that is cut short anywhere leaks nothing either, and the next one completes it', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomCluster,
        randomCluster,
        randomCluster,
        fc.nat(60),
        async (first, second, third, failAt) => {
          const host = createFakeHost();
          await bring(host, programOf(first));
          const ends = [allowed(host)];
          const aim = createFakeHost();
          for (const snapshot of [second, third]) {
            await bring(aim, programOf(snapshot));
            ends.push(allowed(aim));
          }
          await bring(host, programOf(second), failAt);
          const cut = allowed(host);
          const leaks = PACKETS.filter(
            (_, at) => cut[at] === true && ends.slice(0, 2).every((end) => end[at] === false),
          );
          expect(leaks.map(textOf)).toEqual([]);
          await bring(host, programOf(third));
          expect(allowed(host)).toEqual(ends[2]);
        },
      ),
      RUNS,
    );
  }, 60_000);
});

test('the rules decide like the policies', async () => {
  await fc.assert(
    fc.asyncProperty(randomCluster, async (snapshot) => {
      const host = createFakeHost();
      await bring(host, programOf(snapshot));
      const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
      const opening = PACKETS.filter(({ state }) => state === undefined);
      const found = opening.map((packet) => `${textOf(packet)} ${walk(host, packet).verdict}`);
      const expected = opening.map((packet) => {
        const { verdict } = evaluator.trace({
          source: packet.source,
          destination: packet.destination,
          protocol: packet.protocol === 'udp' ? 'UDP' : 'TCP',
          port: packet.port ?? 0,
        });
        return `${textOf(packet)} ${verdict === 'allow' ? 'accept' : 'drop'}`;
      });
      expect(found).toEqual(expected);
    }),
    RUNS,
  );
}, 60_000);

test('the expected state after a transition is the one that is read', async () => {
  await fc.assert(
    fc.asyncProperty(randomCluster, async (snapshot) => {
      const host = createFakeHost();
      const program = programOf(snapshot);
      await bring(host, program);
      const found = await createFakeKernel(host).observe();
      const projected = projectProgram(program, IP_FAMILIES);
      expect(projected.tables).toEqual(found.tables);
      const membersOf = (sets: typeof found.sets) => new Map([...sets].map(([name, { members }]) => [name, members]));
      expect(membersOf(projected.sets)).toEqual(membersOf(found.sets));
    }),
    runs(2_000),
  );
}, 60_000);
