import { SPOOFED_CHAIN } from '../program/names.ts';

/** Packets that the check of sources has dropped since its rule was loaded, from what `iptables-save -c -t raw` printed. */
export const spoofedPackets = (save: string): number => {
  const line = save.split('\n').find((each) => each.includes(` -A ${SPOOFED_CHAIN} `) && each.endsWith(' -j DROP'));
  return Number(/^\[(\d+):/.exec(line ?? '')?.[1] ?? 0);
};
