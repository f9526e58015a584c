/**
 * Removes comments and chains from the output of iptables-save and `ipset save`, and the set of a trial, in which an agent
 * finds out a second after its start what the kernel has: rules and sets are left.
 */
export const rulesAlone = (saved: string): string => saved.replaceAll(/^(?:[#:]|create portcullis-m-).*\n/gm, '');

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
