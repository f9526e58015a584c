/** Packets that the rules of a chain have dropped since they were loaded, from what `iptables -v -S` printed of it. */
export const spoofedPackets = (listed: string): number =>
  listed
    .split('\n')
    .map((line) => / -c (\d+) \d+ -j DROP$/.exec(line)?.[1] ?? '0')
    .reduce((sum, count) => sum + Number(count), 0);
