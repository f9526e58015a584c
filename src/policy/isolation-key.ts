import type { Direction } from '../model/direction.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Isolation } from './node-policy.ts';

/** Returns the keys of isolations by the same policies, one per value of their named ports. */
export const isolationKeys = (
  direction: Direction,
  policies: readonly PolicyKey[],
): ((namedPorts: string) => string) => {
  const beginning = `${JSON.stringify([direction, policies]).slice(0, -1)},`;
  return (namedPorts) => `${beginning}${JSON.stringify(namedPorts)}]`;
};

/** Returns text that is equal exactly for pods that the same policies isolate in a direction, with equal named ports. */
export const isolationKey = ({
  direction,
  policies,
  namedPorts,
}: Pick<Isolation, 'direction' | 'policies' | 'namedPorts'>): string =>
  JSON.stringify([direction, policies, namedPorts]);
