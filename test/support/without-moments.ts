/**
 * Removes from iptables-save's output what differs from moment to moment: the date in comments, the counters of chains
 * and rules.
 */
export const withoutMoments = (save: string): string =>
  save
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\[\d+:\d+\]/g, '[0:0]');
