import { asObject, asText, isRawObject, type RawObject } from '../raw.ts';
import type { Resource } from '../resource.ts';
import { isGone } from './api-error.ts';
import { requireName } from './named.ts';
import { NonsenseError } from './nonsense.ts';
import { get } from './request.ts';
import type { Session } from './session.ts';
import { unlessSilent } from './silence.ts';

/** A full list of one kind, trimmed. */
export interface Listed<K, T> {
  readonly objects: ReadonlyMap<K, T>;
  readonly resourceVersion: string;
}

interface Page {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
  readonly continueToken: string;
}

const readPage = (text: string, path: string): Page => {
  const raw = asObject(JSON.parse(text));
  const metadata = asObject(raw['metadata']);
  const resourceVersion = asText(metadata['resourceVersion']);
  // Go writes a list without items as [], and one that was never made as null.
  const items = raw['items'] === null ? [] : raw['items'];
  if (resourceVersion === undefined || !Array.isArray(items)) {
    throw new NonsenseError(path, 'the answer is not a list of the Kubernetes API');
  }
  // An item that is passed over would be taken for one that is gone.
  if (!items.every(isRawObject)) throw new NonsenseError(path, 'the list has an item that is no object');
  return { items, resourceVersion, continueToken: asText(metadata['continue']) ?? '' };
};

const fetchPage = async (session: Session, path: string, limit: number, continueToken: string): Promise<Page> => {
  const { clock, timing, connection } = session;
  const query = {
    ...(limit > 0 ? { limit: String(limit) } : {}),
    ...(continueToken === '' ? {} : { continue: continueToken }),
  };
  const patience = { first: timing.listSilence, later: timing.listSilence };
  const text = await unlessSilent(clock, patience, session.signal, async (signal, heard) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await get(connection, path, query, signal)) {
      heard();
      session.heard();
      chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  });
  return readPage(text, path);
};

const listPages = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  limit: number,
): Promise<Listed<K, T>> => {
  const objects = new Map<K, T>();
  let continueToken = '';
  for (;;) {
    const page = await fetchPage(session, resource.path, limit, continueToken);
    for (const item of page.items) {
      requireName(item, resource.path);
      const key = resource.keyOf(item);
      const value = resource.trim(item, session.intern);
      if (key !== undefined && value !== undefined) objects.set(key, value);
    }
    if (page.continueToken === '') return { objects, resourceVersion: page.resourceVersion };
    continueToken = page.continueToken;
  }
};

/**
 * Lists all objects of a kind, page by page: of each page only the trimmed objects stay in memory. The list is the newest
 * state (no resourceVersion is asked for), so it never goes back in time. If the pages expire on the way (410 Gone, when a
 * page takes longer than the server's compaction interval), the list is fetched once more in one piece, which cannot.
 */
export const listAll = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<Listed<K, T>> => {
  try {
    return await listPages(session, resource, session.timing.pageSize);
  } catch (error) {
    if (!isGone(error)) throw error;
    return listPages(session, resource, 0);
  }
};

/** The resourceVersion that the server has got to, learned from a list of one object. */
export const currentVersion = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<string> => (await fetchPage(session, resource.path, 1, '')).resourceVersion;
