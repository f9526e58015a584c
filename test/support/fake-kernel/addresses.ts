import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { IpFamily } from '../../../src/model/family.ts';
import { Refusal } from './refusal.ts';

const BITS: Readonly<Record<IpFamily, number>> = { ipv4: 32, ipv6: 128 };

const isAddress = (text: string, family: IpFamily): boolean =>
  family === 'ipv4' ? isIPv4(text) : isIPv6(text) && !text.includes('%');

/** Returns RFC 5952 text, by the URL standard, which serialises hosts that way. */
const canonical = (text: string): string =>
  text.includes(':') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;

/** @throws Refusal unless it is an address of the family in the format of the kernel's tools */
export const requireAddress = (text: string, family: IpFamily): void => {
  if (!isAddress(text, family)) throw new Refusal(`${text} is not an address of ${family}`);
  if (canonical(text) !== text) throw new Refusal(`${text} would be printed as ${canonical(text)}`);
};

const lists = new Map<string, BlockList>();

const listOf = (block: string): BlockList => {
  const known = lists.get(block);
  if (known !== undefined) return known;
  const [base = '', prefix = ''] = block.split('/');
  const family: IpFamily = base.includes(':') ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(base, prefix === '' ? BITS[family] : Number(prefix), family);
  lists.set(block, list);
  return list;
};

/** Reports whether `block` (an address, or address/prefix) contains the address. */
export const holds = (block: string, address: string): boolean =>
  block.includes(':') === address.includes(':') &&
  listOf(block).check(address, address.includes(':') ? 'ipv6' : 'ipv4');

/** @throws Refusal unless it is `address/prefix` without a bit set past the prefix, and the prefix is at least `least` */
export const requireBlock = (text: string, family: IpFamily, least: number): void => {
  const [base = '', prefix = '', ...more] = text.split('/');
  requireAddress(base, family);
  const bits = Number(prefix);
  if (more.length > 0 || !/^\d+$/.test(prefix) || bits < least || bits > BITS[family]) {
    throw new Refusal(`${text} has no prefix from ${least} to ${BITS[family]}`);
  }
  if (bits < BITS[family] && hasHostBits(base, bits, family)) throw new Refusal(`${text} has bits past its prefix`);
};

const octets = (base: string, family: IpFamily): readonly number[] => {
  if (family === 'ipv4') return base.split('.').map(Number);
  const [head = '', tail] = base.split('::');
  const words = (part: string): readonly number[] =>
    part === '' ? [] : part.split(':').map((word) => parseInt(word, 16));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return all.flatMap((word) => [word >> 8, word & 0xff]);
};

const hasHostBits = (base: string, prefix: number, family: IpFamily): boolean =>
  octets(base, family).some((octet, at) => {
    const fixed = Math.min(8, Math.max(0, prefix - at * 8));
    return (octet & (0xff >> fixed)) !== 0;
  });
