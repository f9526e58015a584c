import { DEFAULT_LIMITS, type Limits, RESOURCES, SCOPES, type Usage } from '../policy/limits.ts';

const MIB = 1024 * 1024;
const MOST = 100_000_000;

/**
 * Reads limits of the policies' usage of a node, by name: `namespace-rules=20000,node-memory=256`, memory in MiB.
 * @returns undefined for an invalid text
 */
export const readLimits = (text: string): Limits | undefined => {
  const given: Record<(typeof SCOPES)[number], Usage> = { ...DEFAULT_LIMITS };
  for (const part of text === 'default' ? [] : text.split(',')) {
    const [, scopeText, resourceText, number] = /^([a-z]+)-([a-z]+)=([1-9]\d{0,8})$/.exec(part) ?? [];
    const scope = SCOPES.find((each) => each === scopeText);
    const resource = RESOURCES.find((each) => each === resourceText);
    if (scope === undefined || resource === undefined || Number(number) > MOST) return undefined;
    given[scope] = { ...given[scope], [resource]: Number(number) * (resource === 'memory' ? MIB : 1) };
  }
  return Object.freeze(given);
};
