import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AgentNamespace, allowPort, openAgentNamespace, POD } from './namespace-agents.ts';

describe('an agent on a node that is out of', () => {
  let space: AgentNamespace;

  beforeEach(async () => {
    space = await openAgentNamespace();
    await space.write('pod.yaml', POD);
    await space.write('policy.yaml', allowPort(80));
  });

  afterEach(async () => {
    await space.close();
  });

  test('file descriptors goes on with what is in force, and takes up the newest state when there are some', async () => {
    const agent = await space.start();
    await space.untilReady();
    const before = await space.rules();
    const open = (await readdir(`/proc/${agent.pid}/fd`)).length;
    const limit = (soft: number): Promise<string> =>
      space.run('prlimit', `--pid=${agent.pid}`, `--nofile=${soft}:4096`);
    await limit(Math.max(3, open - 4));
    await agent.says(/EMFILE|could not be brought up to date/);
    await space.write('policy.yaml', allowPort(81));
    await agent.says(/EMFILE/);
    expect(await space.rules()).toBe(before);
    await limit(4096);
    await space.untilRules('the newest state', /--dport 81 -j RETURN/);
    await space.untilReady();
  });

  test('disk that it may write to needs none', async () => {
    const prefix = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount -o remount,bind,ro / && touch /x 2>/dev/null || exec "$0" "$@"',
    ];
    const agent = await space.start({ prefix });
    await space.untilReady();
    await space.write('policy.yaml', allowPort(81));
    await space.untilRules('the change', /--dport 81 -j RETURN/);
    expect(agent.log()).not.toMatch(/EROFS|Read-only/);
  });
});
