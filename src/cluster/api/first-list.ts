import type { Resource } from '../resource.ts';
import { listAll, type Listed } from './list.ts';
import type { Session } from './session.ts';

/**
 * Whether the first list may come from the API server's memory, which is faster but may be older (see Freshness): only if
 * nothing newer is in force already.
 */
export interface Beginning {
  /** Resolves early to a guess that is nearly always right. */
  readonly seemsBlank: () => Promise<boolean>;
  readonly isBlank: () => Promise<boolean>;
}

/** Returns the first list of a kind. Starts it on the early guess, and uses it once the guess is confirmed. */
export const listFirst = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  { seemsBlank, isBlank }: Beginning,
): Promise<Listed<K, T>> => {
  if (!(await seemsBlank())) return listAll(session, resource, 'newest');
  const mistaken = new AbortController();
  const signal = AbortSignal.any([session.signal, mistaken.signal]);
  const listed = listAll({ ...session, signal }, resource, 'any');
  if (await Promise.race([isBlank(), listed.then(isBlank)])) return listed;
  mistaken.abort();
  await listed.catch(() => undefined);
  return listAll(session, resource, 'newest');
};
