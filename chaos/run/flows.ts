import type { Injected, Pulse } from '../../test/support/lab/prober.ts';
import type { Random } from '../random.ts';
import { ALL_ADDRESSES, nodeOf, NODES } from '../world/addresses.ts';

/** Source ports of pulses: above those of single packets, one for each. */
const FIRST_TAG = 40_000;

/** Ports that policies of fuzz/generate name, and one that none does. */
const TARGETS = [
  { protocol: 'TCP', port: 80 },
  { protocol: 'TCP', port: 443 },
  { protocol: 'TCP', port: 8080 },
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 22 },
] as const;

const SAMPLE_TARGETS = [
  ...TARGETS,
  { protocol: 'UDP', port: 80 },
  { protocol: 'SCTP', port: 81 },
  { protocol: 'other', port: 0 },
] as const;

const isSix = (address: string): boolean => address.includes(':');

/** Two addresses of one family, at least one of them a pod's. */
const pair = (random: Random): { readonly from: string; readonly to: string } => {
  for (;;) {
    const from = random.pick(ALL_ADDRESSES);
    const to = random.pick(ALL_ADDRESSES.filter((address) => address !== from && isSix(address) === isSix(from)));
    if (nodeOf(from) !== undefined || nodeOf(to) !== undefined) return { from, to };
  }
};

/** Where a packet starts: at its source's node, or at that of its destination where it comes from the outside. */
const wireFor = (from: string, to: string): string => nodeOf(from) ?? nodeOf(to) ?? NODES[0]?.name ?? '';

/** Flows that are sent all the time, the two families in turn. */
export const choosePulses = (count: number, random: Random): readonly Pulse[] => {
  const pulses: Pulse[] = [];
  while (pulses.length < count) {
    const { from, to } = pair(random);
    if (isSix(from) !== (pulses.length % 2 === 1)) continue;
    const target = random.pick(TARGETS);
    pulses.push({ wire: wireFor(from, to), from, to, ...target, tag: FIRST_TAG + pulses.length });
  }
  return pulses;
};

/** Packets to compare the kernel with once all is settled. */
export const chooseSample = (count: number, random: Random): readonly Injected[] =>
  Array.from({ length: count }, () => {
    const { from, to } = pair(random);
    return { wire: wireFor(from, to), from, to, ...random.pick(SAMPLE_TARGETS) };
  });
