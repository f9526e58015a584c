import { expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { EMPTY_PLAN } from '../../src/render/plan.ts';
import { openPacketFilter } from './packet-filter.ts';

test.each<Backend>(['nft', 'legacy'])(
  'iptables-%s: a set that could not go and is wanted again holds nothing of what it held',
  async (backend) => {
    const filter = await openPacketFilter(backend);
    try {
      const create = 'create portcullis-4-test hash:ip family inet hashsize 64 maxelem 1048576\n';
      await filter.kernel.apply({ ...EMPTY_PLAN, prepare: `${create}add portcullis-4-test 10.0.0.1\n` });
      // As with nft for some milliseconds after the rule of our own is gone.
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
