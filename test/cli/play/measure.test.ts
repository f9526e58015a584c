import { describe, expect, test } from '@jest/globals';
import { createJudge } from '../../../src/cli/play/judge.ts';
import { machinesOf } from '../../../src/cli/play/machine.ts';
import { measureAll } from '../../../src/cli/play/measure.ts';
import type { Outcome, ProbeTarget } from '../../../src/cli/play/pod-protocol.ts';
import type { Stage } from '../../../src/cli/play/stage.ts';
import { podOf, worldOf } from './small-world.ts';

/** A stage whose kernel does what the test says, and which counts its requests. */
const stageOf = (world: ReturnType<typeof worldOf>, outcome: (target: ProbeTarget, round: number) => Outcome) => {
  const asked = new Map<string, number>();
  const stage: Stage = {
    show: () => Promise.resolve([]),
    actor(name) {
      const machine = machinesOf(world).find((each) => each.name === name);
      if (machine === undefined) return undefined;
      const process = {
        serve: () => Promise.resolve([]),
        stop: () => Promise.resolve(),
        probe(targets: readonly ProbeTarget[]) {
          const round = (asked.get(name) ?? 0) + 1;
          asked.set(name, round);
          return Promise.resolve(targets.map((target) => outcome(target, round)));
        },
      };
      return { machine, netns: name, process };
    },
  };
  return { stage, asked };
};

const WORLD = worldOf([
  podOf('web', '10.244.1.2', [
    { protocol: 'SCTP', port: 9 },
    { protocol: 'TCP', port: 80 },
  ]),
  podOf('db', '10.244.2.2', [{ protocol: 'TCP', port: 5432 }]),
]);

describe('measuring', () => {
  test('measuring tries each connection once if the kernel agrees with the policies', async () => {
    const { stage, asked } = stageOf(WORLD, () => 'open');
    const readings = await measureAll(stage, WORLD, createJudge(WORLD));
    expect(readings.map(({ from, to, protocol, measured }) => [from, to, protocol, measured])).toEqual([
      ['shop/db', 'shop/web', 'SCTP', 'not probed'],
      ['shop/db', 'shop/web', 'TCP', 'open'],
      ['shop/web', 'shop/db', 'TCP', 'open'],
    ]);
    expect([...asked.values()]).toEqual([1, 1]);
  });

  test('measuring tries a connection again if the kernel seems to disagree, since the machine may be busy', async () => {
    const { stage, asked } = stageOf(WORLD, ({ port }, round) => (port === 80 && round < 3 ? 'timeout' : 'open'));
    const readings = await measureAll(stage, WORLD, createJudge(WORLD));
    expect(readings.every(({ measured }) => measured !== 'timeout')).toBe(true);
    expect(Object.fromEntries(asked)).toEqual({ 'shop/db': 3, 'shop/web': 1 });
  });

  test('measuring returns the kernel’s last result', async () => {
    const { stage } = stageOf(WORLD, ({ port }) => (port === 80 ? 'refused' : 'open'));
    const readings = await measureAll(stage, WORLD, createJudge(WORLD));
    expect(readings.filter(({ measured }) => measured === 'refused')).toMatchObject([{ to: 'shop/web', port: 80 }]);
  });
});
