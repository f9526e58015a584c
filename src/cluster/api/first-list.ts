import type { Resource } from '../resource.ts';
import { listAll, type Listed } from './list.ts';
import type { Session } from './session.ts';

/**
 * Whether the first list may be what the API server remembers, which may be older than the present and comes faster (see
 * Freshness): only where nothing is in force that it could go behind.
 */
export interface Beginning {
  /** Known soon, and nearly always right. */
  readonly seemsBlank: () => Promise<boolean>;
  readonly isBlank: () => Promise<boolean>;
}

/** The first list of a kind: asked for as soon as it seems known which one it may be, and taken once it is known. */
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
