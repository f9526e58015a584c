import type { Isolation } from './node-policy.ts';

/** Text that is equal exactly for pods that the same policies isolate in a direction, with equal named ports. */
export const isolationKey = ({
  direction,
  policies,
  namedPorts,
}: Pick<Isolation, 'direction' | 'policies' | 'namedPorts'>): string =>
  JSON.stringify([direction, policies, namedPorts]);
