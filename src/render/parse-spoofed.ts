/** Returns the number of packets that a chain's rules have dropped since they were loaded, from `iptables -v -S`. */
export const spoofedPackets = (listed: string): number =>
  listed
    .split('\n')
    .map((line) => / -c (\d+) \d+ -j DROP$/.exec(line)?.[1] ?? '0')
    .reduce((sum, count) => sum + Number(count), 0);
