import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../../support/wait-for.ts';
import { allowPort } from './namespace-agents.ts';
import { useGovernedNamespace } from './use-governed-namespace.ts';

describe('two agents on one node', () => {
  const space = useGovernedNamespace();

  test('a second agent waits, changes nothing, and takes over at once when the first is killed', async () => {
    const first = await space().start();
    await space().untilReady();
    // It would log each denied packet, which the first does not: any write of it would be visible.
    const second = await space().start({ flags: ['--nflog-group=7'] });
    expect(await second.says(/another agent runs on this node/)).toMatch(
      new RegExp(`holder="?version \\S+, process ${first.pid}`),
    );
    await space().write('policy.yaml', allowPort(81));
    expect(await space().untilRules('the change', /--dport 81 -j RETURN/)).not.toContain('--nflog-group 7');
    expect(second.log()).not.toContain('policy is in force');

    first.signal('SIGKILL');
    await first.ended;
    const killed = performance.now();
    await second.says(/the other agent has ended; this one takes over/);
    await space().untilRules('the rules of the second', /--nflog-group 7\b/);
    await space().untilReady();
    expect(performance.now() - killed).toBeLessThan(30_000);
  });

  test('of any number of agents exactly one works', async () => {
    const agents = await Promise.all([1, 2, 3, 4].map(() => space().start()));
    await space().untilReady();
    const working = (): number => agents.filter((agent) => agent.log().includes('policy is in force')).length;
    await Promise.all(agents.map((agent) => agent.says(/another agent runs on this node|policy is in force/)));
    expect(working()).toBe(1);
    for (let left = agents.length; left > 1; left -= 1) {
      const worker = agents.findLast((agent) => agent.log().includes('policy is in force'));
      const before = working();
      await worker?.stop();
      agents.splice(
        agents.findLastIndex((agent) => agent === worker),
        1,
      );
      await waitFor('the next one', 60_000, () => Promise.resolve(working() === before || undefined));
      expect(working()).toBe(1);
    }
  });
});
