import { describe, expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { EMPTY_PLAN } from '../../src/render/plan.ts';
import { openPacketFilter } from './packet-filter.ts';

test.each<Backend>(['nft', 'legacy'])(
  'iptables-%s: a stale set that is needed again has none of its old members',
  async (backend) => {
    const filter = await openPacketFilter(backend);
    try {
      const create = 'create portcullis-4-test hash:ip family inet hashsize 64 maxelem 1048576\n';
      await filter.kernel.apply({ ...EMPTY_PLAN, prepare: `${create}add portcullis-4-test 10.0.0.1\n` });
      // As with nft for some milliseconds after our own rule is gone.
      await filter.load('ipv4', [':foreign - [0:0]', '-A foreign -m set --match-set portcullis-4-test src -j RETURN']);
      await filter.kernel.apply({ ...EMPTY_PLAN, destroy: ['destroy portcullis-4-test'] });
      expect(await filter.sets()).toContain('add portcullis-4-test 10.0.0.1');
      await filter.kernel.observe();
      await filter.kernel.apply({ ...EMPTY_PLAN, prepare: `${create}add portcullis-4-test 10.0.0.2\n` });
      const sets = await filter.sets();
      expect(sets).toContain('add portcullis-4-test 10.0.0.2');
      expect(sets).not.toContain('10.0.0.1');
    } finally {
      await filter.close();
    }
  },
);

describe.each([
  ['none', [], 1],
  ['the first', [0], 2],
  ['one in the middle', [200], 2],
  ['three', [0, 1, 399], 3],
] as const)('of 400 sets that are to go a rule still names %s', (_, held, programs) => {
  test('stale sets that can be destroyed are, and each of the others costs one program', async () => {
    const filter = await openPacketFilter('nft');
    try {
      let run = 0;
      const kernel = createKernel(
        {
          run(file, args, options) {
            run += 1;
            return filter.runner.run(file, args, options);
          },
        },
        { backend: 'nft', families: ['ipv4'], xtablesWaitSeconds: 5, reader: filter.reader, nft: filter.nft },
      );
      const names = Array.from({ length: 400 }, (_nothing, at) => `portcullis-4-${String(at)}`);
      await filter.loadSets(names.map((name) => `create ${name} hash:ip`));
      const inUse = held.map((at) => names[at]);
      await filter.load('ipv4', [
        ':foreign - [0:0]',
        ...inUse.map((name) => `-A foreign -m set --match-set ${String(name)} src -j RETURN`),
      ]);
      await kernel.apply({ ...EMPTY_PLAN, destroy: names.map((name) => `destroy ${name}`) });
      expect(run).toBe(programs);
      const left = [...(await filter.sets()).matchAll(/^create (\S+) /gm)].map(([, name]) => name);
      expect(left.sort()).toEqual([...inUse].sort());
    } finally {
      await filter.close();
    }
  });
});
