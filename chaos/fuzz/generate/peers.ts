import fc from 'fast-check';
import type { JsonPeer } from '../../../test/support/naive/world.ts';
import { selector } from './labels.ts';

/** Blocks with everything, whole pod ranges, single pods, and the outside; with excepts at and beyond their edges. */
const BLOCKS = [
  { cidr: '0.0.0.0/0', holes: ['10.0.0.0/8', '10.0.1.0/24', '203.0.113.0/25', '0.0.0.0/1', '128.0.0.0/1'] },
  { cidr: '10.0.0.0/16', holes: ['10.0.0.0/24', '10.0.1.0/25', '10.0.1.2/32', '10.0.9.0/24'] },
  { cidr: '10.0.1.0/24', holes: ['10.0.1.0/30', '10.0.1.2/31', '10.0.1.0/25', '10.0.1.128/25'] },
  // Bits past the prefix are cleared.
  { cidr: '10.0.2.77/24', holes: ['10.0.2.1/32', '10.0.2.3/30'] },
  { cidr: '10.0.2.3/32', holes: [] },
  { cidr: '203.0.113.0/24', holes: ['203.0.113.7/32', '203.0.113.128/25'] },
  { cidr: '203.0.113.7/32', holes: [] },
  { cidr: '::/0', holes: ['fd00::/16', 'fd00:1::/64', 'fd00:1::2/127', '8000::/1'] },
  { cidr: 'fd00::/16', holes: ['fd00:1::/64', 'fd00:2::4/126', 'fd00:9::/64'] },
  { cidr: 'fd00:1::/64', holes: ['fd00:1::2/127', 'fd00:1::1/128'] },
  { cidr: 'FD00:2:0:0::/64', holes: ['fd00:2::1/128', 'fd00:2::/65'] },
  { cidr: '2001:db8::7/128', holes: [] },
] as const;

const ipBlock = fc
  .constantFrom(...BLOCKS)
  .chain(({ cidr, holes }) =>
    fc.subarray<string>([...holes]).map((except) => ({ cidr, ...(except.length > 0 && { except }) })),
  );

/** One entry of `from` or `to`. */
export const peer: fc.Arbitrary<JsonPeer> = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({ ipBlock }),
  fc.record({ ipBlock }),
);
