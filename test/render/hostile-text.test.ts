import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { type Plan, planChanges } from '../../src/render/plan.ts';
import { chainRules } from '../../src/render/rule-text.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost } from '../support/fake-kernel/host.ts';
import { asInformed, asManifests, hostileObjects, hostileTwins, POD_ADDRESSES } from '../support/hostile.ts';
import type { WalkedPacket } from '../support/tracer/packet.ts';
import { walk } from '../support/tracer/tracer.ts';

const RUNS = { numRuns: 3_000, seed: 20_260_707, plugins: [fc.interruptAfterTimeLimit(5_000)] };

const programOf = (snapshot: ClusterSnapshot): NodeProgram =>
  compileProgram(compileNodePolicy(snapshot, 'n1'), { log: { group: 7 } });

/** A node that was brought to the rule set from nothing, and the texts for that. */
const bring = async (program: NodeProgram): Promise<{ readonly host: FakeHost; readonly plan: Plan }> => {
  const host = createFakeHost();
  const kernel = createFakeKernel(host);
  const plan = planChanges(await kernel.observe(), program);
  await kernel.apply(plan);
  expect(planChanges(await kernel.observe(), program).size).toBe(0);
  return { host, plan };
};

const SET_LINE = /^(?:create|add) portcullis-[a-z0-9-]+ [a-z0-9 :./,-]+$/;
const RULE_LINE =
  /^-A PORTCULLIS-[A-Za-z0-9-]+ (?:[-!a-zA-Z0-9_.:/, ]|"(?:in|e)gress isolated by [A-Za-z0-9 ./?-]*")*-[jg] (?:RETURN|DROP|NFLOG|PORTCULLIS-[A-Za-z0-9-]+)[-A-Za-z0-9 ]*$/;
const TABLE_LINES = [
  /^\*security$/,
  /^COMMIT$/,
  /^:PORTCULLIS-[A-Za-z0-9-]+ - \[0:0\]$/,
  /^-I (?:FORWARD|OUTPUT) 1 -j PORTCULLIS-(?:FORWARD|OUTPUT)$/,
  RULE_LINE,
];

const oddLines = ({ prepare, tables, finish }: Plan): readonly string[] => {
  const linesOf = (text: string): readonly string[] => text.split('\n').slice(0, -1);
  return [
    ...[prepare, finish].flatMap(linesOf).filter((line) => !SET_LINE.test(line)),
    ...Object.values(tables)
      .flatMap(linesOf)
      .filter((line) => !TABLE_LINES.some((form) => form.test(line))),
  ];
};

const OUTSIDE = ['203.0.113.7', '2001:db8::7'];
const PACKETS: readonly WalkedPacket[] = [...POD_ADDRESSES, ...OUTSIDE].flatMap((source) =>
  [...POD_ADDRESSES, ...OUTSIDE]
    .filter((destination) => source.includes(':') === destination.includes(':'))
    .flatMap((destination) =>
      [79, 80, 81, 82].map((port) => ({ source, destination, protocol: 'tcp' as const, port })),
    ),
);

const verdicts = (host: FakeHost): readonly string[] => PACKETS.map((packet) => walk(host, packet).verdict);

/** Returns the numbers of objects of each kind, without names. */
const measure = ({ tables, sets }: FakeHost): unknown => ({
  chains: IP_FAMILIES.map((family) => [...tables[family].values()].map(({ rules }) => rules.length).sort()),
  sets: [...sets.values()].map(({ members }) => members.size).sort(),
});

describe.each([
  ['informers', asInformed],
  ['a folder of manifests', asManifests],
])('text in %s', (_, read) => {
  test('the kernel gets exactly the intended rules, each in the form of our rules', async () => {
    await fc.assert(
      fc.asyncProperty(hostileObjects, async (objects) => {
        const program = programOf(read(objects));
        const { host, plan } = await bring(program);
        expect(oddLines(plan)).toEqual([]);
        for (const family of IP_FAMILIES) {
          const found = [...host.tables[family].values()].filter(({ builtin }) => !builtin);
          const rulesFound = found.map(({ name, rules }) => [name, rules.map(({ text }) => text)]);
          const intended = [...program[family].chains.values()].map((chain) => [chain.name, chainRules(chain)]);
          expect(rulesFound.sort()).toEqual(intended.sort());
        }
      }),
      RUNS,
    );
  }, 60_000);

  test('a hostile name changes nothing but names', async () => {
    await fc.assert(
      fc.asyncProperty(hostileTwins, async ({ hostile, plain }) => {
        const [odd, even] = await Promise.all([hostile, plain].map((objects) => bring(programOf(read(objects)))));
        expect(odd && verdicts(odd.host)).toEqual(even && verdicts(even.host));
        expect(odd && measure(odd.host)).toEqual(even && measure(even.host));
      }),
      RUNS,
    );
  }, 60_000);
});
