import { expect, test } from '@jest/globals';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { planChanges } from '../../src/render/plan.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost } from '../support/fake-kernel/host.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { walk } from '../support/tracer/tracer.ts';

/** A number of pods in four namespaces, of which the named ones are isolated, each with open ports of its own. */
const farm = (count: number, ...isolated: readonly string[]): ClusterSnapshot =>
  cluster(
    { n0: {}, n1: {}, n2: {}, n3: {} },
    Array.from({ length: count }, (_, at) =>
      pod(`n${at % 4}/p${at}`, {}, { ips: [`10.1.${at >> 6}.${(at & 63) * 4}`] }),
    ),
    isolated.map((namespace) =>
      policy(`${namespace}/some`, {
        podSelector: {},
        ingress: [{ ports: [{ port: 80 + Number(namespace.slice(1)) }] }],
      }),
    ),
  );

const programOf = (snapshot: ClusterSnapshot) => compileProgram(compileNodePolicy(snapshot, 'n1'));

/** Returns which of all pods admit a stranger, at two ports. */
const reachable = (host: FakeHost, count: number): readonly boolean[] =>
  Array.from({ length: count }, (_, at) => `10.1.${at >> 6}.${(at & 63) * 4}`).flatMap((destination) =>
    [80, 81].map(
      (port) => walk(host, { source: '203.0.113.7', destination, protocol: 'tcp', port }).verdict === 'accept',
    ),
  );

const COUNT = 700;

test('a large change first loads unreachable chains in portions, and then switches to them at once', async () => {
  const host = createFakeHost();
  const kernel = createFakeKernel(host);
  for (const isolated of [['n0', 'n1', 'n2'], ['n3'], ['n0', 'n1', 'n2', 'n3'], []]) {
    const program = programOf(farm(COUNT, ...isolated));
    const before = reachable(host, COUNT);
    const states: (readonly boolean[])[] = [];
    const sizes: number[] = [];
    host.afterStep = (step) => {
      if (step.kind !== 'iptables restore' || step.family !== 'ipv4') return;
      sizes.push(step.text.split('\n').filter((line) => line.startsWith('-A ')).length);
      states.push(reachable(host, COUNT));
    };
    await kernel.apply(planChanges(await kernel.observe(), program));
    host.afterStep = () => undefined;
    expect(planChanges(await kernel.observe(), program).size).toBe(0);
    for (const state of states.slice(0, -1)) expect(state).toEqual(before);
    expect(Math.max(0, ...sizes.slice(0, -1))).toBeLessThanOrEqual(300);
  }
});

test('a load that was cut short starts again in portions', async () => {
  const host = createFakeHost();
  const kernel = createFakeKernel(host);
  const program = programOf(farm(COUNT, 'n0', 'n1', 'n2', 'n3'));
  let done = 0;
  host.failure = (step) => (step.kind === 'iptables restore' && (done += 1) > 3 ? 'cut short' : undefined);
  await expect(kernel.apply(planChanges(await kernel.observe(), program))).rejects.toThrow('cut short');
  host.failure = () => undefined;
  const again = planChanges(await kernel.observe(), program);
  expect(again.tables.ipv4?.match(/^COMMIT$/gm)?.length).toBeGreaterThan(3);
  await kernel.apply(again);
  expect(planChanges(await kernel.observe(), program).size).toBe(0);
  await kernel.apply(planChanges(await kernel.observe(), EMPTY_PROGRAM));
  expect([...host.tables.ipv4.keys()]).toEqual(['INPUT', 'FORWARD', 'OUTPUT']);
});
