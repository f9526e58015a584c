import type { Injected, Pulse } from '../../test/support/lab/prober.ts';
import type { Random } from '../random.ts';
import { ALL_ADDRESSES, nodeOf, NODES } from '../world/addresses.ts';

/** First source port of pulses: above those of single packets, one port per pulse. */
const FIRST_TAG = 40_000;

/** Ports that policies of fuzz/generate name, and one that none names. */
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

/** Returns two addresses of one family, of which at least one is a pod's. */
const pair = (random: Random): { readonly from: string; readonly to: string } => {
  for (;;) {
    const from = random.pick(ALL_ADDRESSES);
    const to = random.pick(ALL_ADDRESSES.filter((address) => address !== from && isSix(address) === isSix(from)));
    if (nodeOf(from) !== undefined || nodeOf(to) !== undefined) return { from, to };
  }
};

/** Returns where a packet starts: at its source's node, or for an outside source at its destination's node. */
const wireFor = (from: string, to: string): string => nodeOf(from) ?? nodeOf(to) ?? NODES[0]?.name ?? '';

/** Chooses flows that are sent continuously, of both families in turn. */
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

/** Chooses packets to compare with the kernel once the state is settled. */
export const chooseSample = (count: number, random: Random): readonly Injected[] =>
  Array.from({ length: count }, () => {
    const { from, to } = pair(random);
    return { wire: wireFor(from, to), from, to, ...random.pick(SAMPLE_TARGETS) };
  });
