import { afterEach, describe, expect, test } from '@jest/globals';
import { connectionsRow } from '../../scripts/safety/connections.ts';
import { RESTART } from '../../scripts/safety/restart.ts';
import type { Finding } from '../../scripts/safety/row.ts';
import { openStage, type Stage } from '../../scripts/safety/stage.ts';
import { startTraffic } from '../../scripts/safety/traffic.ts';
import { tamperingRow } from '../../scripts/safety/tampering/row.ts';
import { UPGRADE } from '../../scripts/safety/upgrade.ts';

/** A few rounds of each proof of `npm run safety`, except for those that count milliseconds. */

const missed = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ met, what }) => met === false && !what.endsWith('(ms)'));

const quietly = (): void => undefined;

test.each(['nft', 'legacy'] as const)(
  'iptables-%s: an agent that is killed and started again leaks nothing and breaks nothing',
  async (backend) => {
    expect(missed(await RESTART.prove(backend, 2, quietly))).toEqual([]);
  },
  180_000,
);

test.each(['nft', 'legacy'] as const)(
  'iptables-%s: an agent that takes over from the last release leaks and breaks nothing',
  async (backend) => {
    expect(missed(await UPGRADE.prove(backend, 1, quietly))).toEqual([]);
  },
  180_000,
);

test.each(['nft', 'legacy'] as const)(
  'iptables-%s: a tightened policy cuts exactly what it denies, and nothing brings it back',
  async (backend) => {
    const findings = await connectionsRow({ foe: 40, friend: 80 }).prove(backend, 1, quietly);
    expect(missed(findings)).toEqual([]);
  },
  180_000,
);

test.each(['nft', 'legacy'] as const)(
  'iptables-%s: every manual change of our rules and sets is repaired',
  async (backend) => {
    const row = tamperingRow({ crowd: { groups: 4, pods: 12, groupsOfPod: 2 }, spreadMs: 0, idleSeconds: 0 });
    expect(missed(await row.prove(backend, 1, quietly))).toEqual([]);
  },
  180_000,
);

describe('checks of the safety proofs', () => {
  let stage: Stage;

  afterEach(async () => {
    await stage.close();
  });

  test('the safety proofs detect packets that pass without rules', async () => {
    stage = await openStage('nft');
    const traffic = await startTraffic(stage);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await traffic.end()).leaked).toBeGreaterThan(0);
  }, 60_000);

  test('the safety proofs detect lost packets and broken connections', async () => {
    stage = await openStage('nft');
    const traffic = await startTraffic(stage);
    await stage.node.run('iptables', ['-A', 'FORWARD', '-s', '10.244.1.11', '-d', '10.244.1.10', '-j', 'DROP']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const passed = await traffic.end();
    expect(passed.lost).toBeGreaterThan(passed.lostBeside);
    expect(passed.broken).toBe(50);
  }, 60_000);
});
