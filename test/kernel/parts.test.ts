import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EnforcementState } from '../../src/agent/enforcement-state.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { failing, NO_TABLE } from '../support/faults/failing-tool.ts';
import { type AgentStart, openPolicedNode, type PolicedNode } from '../support/lab/policed-node.ts';
import { PROBER_START_MS } from '../support/lab/prober.ts';

/**
 * The built agent on a node where one tool or table fails: everything else is in force, and the report names the failed
 * part.
 */

interface Case {
  readonly what: string;
  readonly tools: NonNullable<AgentStart['tools']>;
  /** Families whose rules have to be in force. */
  readonly good: readonly IpFamily[];
  readonly part: string;
  readonly flags?: readonly string[];
  /** The final answer of GET /readyz. */
  readonly code: number;
}

const CASES: readonly Case[] = [
  {
    what: 'ip6tables-restore refuses everything',
    tools: { 'ip6tables-nft-restore': failing('no space left on device', '*') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'iptables-restore refuses everything',
    tools: { 'iptables-nft-restore': failing('no space left on device', '*') },
    good: ['ipv6'],
    part: 'ipv4',
    code: 503,
  },
  {
    what: 'ip6tables has no table',
    tools: { 'ip6tables-nft-save': failing(NO_TABLE, '*'), 'ip6tables-nft-restore': failing(NO_TABLE, '*') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'the kernel has no sets of IPv6 addresses',
    tools: { ipset: failing('Kernel error received: set type not supported', "*' restore '*", 'family inet6') },
    good: ['ipv4'],
    part: 'ipv6',
    code: 503,
  },
  {
    what: 'IPv6 has no raw table',
    tools: { 'ip6tables-nft-restore': failing(NO_TABLE, '*', '*raw') },
    good: ['ipv4', 'ipv6'],
    part: 'ipv6 sources',
    flags: ['--anti-spoofing=veth+'],
    code: 503,
  },
];

describe('a part that fails', () => {
  let node: PolicedNode;

  const start = async (settings: AgentStart): Promise<void> => {
    await node.start(settings);
    await node.untilStarted();
  };

  /** Every surface tells the same. */
  const expectAgreement = async (): Promise<void> => {
    const { code, text } = await node.get('readyz');
    const { enforcement } = JSON.parse((await node.get('status')).text) as { readonly enforcement: EnforcementState };
    const { level, reasons } = enforcement;
    expect({ level, isReady: code === 200 }).toEqual({ level, isReady: level !== 'not enforcing' });
    expect(level === 'enforcing' ? text : text.includes(reasons[0] ?? 'nothing')).toBe(
      level === 'enforcing' ? 'ok\n' : true,
    );
    expect((await node.get('metrics')).text).toContain(`portcullis_ready ${code === 200 ? 1 : 0}\n`);
    const told = node.log().filter((line) => /this node (?:enforces|does not enforce) all of its policies/.test(line));
    expect(told.at(-1)).toContain(level === 'enforcing' ? 'enforces all' : `level="${level}"`);
  };

  beforeAll(async () => {
    node = await openPolicedNode();
  }, PROBER_START_MS);

  beforeEach(() => node.putPolicy('client', 'stranger'));

  afterEach(async () => {
    await node.end();
    await node.cleanup();
  });

  afterAll(() => node.close());

  test.each(CASES)(
    'a part that cannot be programmed leaves the others in force, also for live connections, and is named: $what',
    async (each) => {
      const { tools, good, part, flags = [], code } = each;
      await start({ tools, flags });
      const alive = await Promise.all(good.map((family) => node.connect('stranger', family)));
      await node.putPolicy('client');
      const changedAt = performance.now();
      await node.until('the live connections to be cut', async () => {
        const answers = await Promise.all(alive.map((isAlive) => isAlive()));
        return answers.every((isAlive) => !isAlive);
      });
      expect(performance.now() - changedAt).toBeLessThan(5_000);
      expect(await node.probe('client', good)).toEqual(good.map(() => 'open'));
      expect(await node.probe('stranger', good)).toEqual(good.map(() => 'timeout'));
      const { notInForce } = JSON.parse((await node.get('status')).text) as { readonly notInForce: readonly object[] };
      expect(notInForce).toMatchObject([{ part }]);
      expect((await node.get('metrics')).text).toContain(`portcullis_part_is_not_in_force{part="${part}"} 1\n`);
      await node.until('the probe to say so', async () => (await node.get('readyz')).code === code);
      expect((await node.get('readyz')).text).toContain(`${part} is not in force`);
      expect(await node.get('healthz')).toMatchObject({
        code: 200,
        text: expect.stringContaining(`${part} is not in force`),
      });
      await expectAgreement();
    },
  );

  test('a part that could not be programmed is in force again as soon as possible, without a change', async () => {
    await start({ tools: { 'ip6tables-nft-restore': failing('no space left on device', '*') } });
    await node.until('IPv6 to be reported', async () => (await node.get('healthz')).text.includes('ipv6'));
    await node.putPolicy('client');
    await node.takeTool('ip6tables-nft-restore');
    await node.until('policy to be in force', async () =>
      (await node.probe('stranger', IP_FAMILIES)).every((outcome) => outcome === 'timeout'),
    );
    await node.until('all to be well', async () => (await node.get('readyz')).text === 'ok\n');
    await expectAgreement();
    expect(await node.probe('client', IP_FAMILIES)).toEqual(['open', 'open']);
  });

  test('without conntrack(8) the agent reports that it cuts no connections, and judges new ones all the same', async () => {
    await start({ tools: { conntrack: failing('conntrack: not found', '*') } });
    const isAlive = await node.connect('stranger', 'ipv4');
    await node.putPolicy('client');
    const isTold = (): boolean =>
      node.log().some((line) => line.includes('a part of policy is not in force') && line.includes('live connections'));
    await node.until('the connection to be cut, or the failure told', async () => isTold() || !(await isAlive()));
    expect(await node.probe('stranger', IP_FAMILIES)).toEqual(['timeout', 'timeout']);
    expect(await node.probe('client', IP_FAMILIES)).toEqual(['open', 'open']);
  });
});
