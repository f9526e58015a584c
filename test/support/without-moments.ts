/** What iptables-save prints, less what differs from one moment to the next: the date in comments, the counters of chains and rules. */
export const withoutMoments = (save: string): string =>
  save
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\[\d+:\d+\]/g, '[0:0]');
