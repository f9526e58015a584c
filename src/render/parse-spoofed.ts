import { INJECTED_CHAIN, SPOOFED_CHAIN } from '../program/names.ts';

/**
 * Packets that the check of sources has dropped since its rules were loaded, those for tunnels among them, from what
 * `iptables-save -c -t raw` printed.
 */
export const spoofedPackets = (save: string): number =>
  save
    .split('\n')
    .filter((line) => line.endsWith(' -j DROP'))
    .filter((line) => [SPOOFED_CHAIN, INJECTED_CHAIN].some((chain) => line.includes(` -A ${chain} `)))
    .reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1] ?? 0), 0);
