import { createListReader } from '../protobuf/list-reader.ts';
import type { RawObject } from '../raw.ts';
import type { Resource } from '../resource.ts';
import { isGone } from './api-error.ts';
import { requireName } from './named.ts';
import { eachPiece } from './each-piece.ts';
import { boundedBytes, MEBIBYTE, TooLargeError } from './bounded-body.ts';
import { type Page, readPage } from './page.ts';
import { acceptOf, get, isProtobuf, selectionOf } from './request.ts';
import type { Session } from './session.ts';
import { unlessSilent } from './silence.ts';
import { unpacked } from './unpacked.ts';

/** A full list of one kind, trimmed. */
export interface Listed<K, T> {
  readonly objects: ReadonlyMap<K, T>;
  readonly resourceVersion: string;
}

const parseJson = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));

/** A page of usual objects has some MiB; one of the largest that etcd takes would not fit into the agent's memory. */
const MAX_PAGE_BYTES = 32 * MEBIBYTE;
/** A list in one piece is the last resort. */
const MAX_LIST_BYTES = 256 * MEBIBYTE;
/** A page that is too large is asked for again in so many. */
const SMALLER = 10;

/**
 * Which state a list is of. `newest`: of the moment in which it was asked for, in pages, read from etcd with a quorum.
 * `any`: what the API server has in its memory, which may be older, in one piece and several times as fast
 * (resourceVersion=0, what client-go begins with).
 */
export type Freshness = 'newest' | 'any';

/** What is left of a page once its objects were taken. */
type PageEnd = Omit<Page, 'items'>;

interface Part {
  /** 0 for all. */
  readonly limit: number;
  readonly continueToken?: string;
  readonly resourceVersion?: '0';
}

const fetchPage = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  { limit, continueToken, resourceVersion }: Part,
  take: (object: RawObject) => void,
): Promise<PageEnd> => {
  const { clock, timing, connection } = session;
  const { path, message } = resource;
  const query = {
    ...selectionOf(resource),
    ...(limit > 0 ? { limit: String(limit) } : {}),
    ...(continueToken ? { continue: continueToken } : {}),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const patience = { first: timing.listSilence, later: timing.listSilence };
  return unlessSilent(clock, patience, session.signal, async (signal, heard) => {
    // Packing costs the server less than sending, and unpacking costs us another thread's time.
    const packing = message === undefined ? 'identity' : 'gzip';
    const response = await get(connection, path, query, acceptOf(resource), signal, packing);
    const body = unpacked(response);
    const alive = (): void => {
      heard();
      session.heard();
    };
    if (message !== undefined && isProtobuf(response)) {
      const reader = createListReader(message, take);
      await eachPiece(body, (piece) => {
        alive();
        reader.take(piece);
      });
      // What is no object cannot be said in protobuf.
      return readPage({ metadata: reader.end(), items: [] }, path);
    }
    const limitBytes = limit > 0 ? MAX_PAGE_BYTES : MAX_LIST_BYTES;
    const bytes = await boundedBytes(body, `a page of ${path}`, limitBytes, alive);
    const page = readPage(parseJson(bytes), path);
    for (const object of page.items) take(object);
    return page;
  });
};

const listPages = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  first: Part,
): Promise<Listed<K, T>> => {
  const objects = new Map<K, T>();
  let neighbour: T | undefined;
  const take = (object: RawObject): void => {
    requireName(object, resource.path);
    const key = resource.keyOf(object);
    const value = resource.trim(object, session.intern, neighbour);
    neighbour = value ?? neighbour;
    if (key !== undefined && value !== undefined) objects.set(key, value);
  };
  let part = first;
  for (;;) {
    try {
      const { continueToken, resourceVersion } = await fetchPage(session, resource, part, take);
      if (continueToken === '') return { objects, resourceVersion };
      part = { limit: part.limit, continueToken };
    } catch (error) {
      // Thrown before an object of the page was taken.
      if (!(error instanceof TooLargeError) || part.limit <= 1) throw error;
      part = { ...part, limit: Math.ceil(part.limit / SMALLER) };
    }
  }
};

/**
 * Lists all objects of a kind; only the trimmed ones stay in memory. The newest state (no resourceVersion is asked for) never
 * goes back in time. If its pages expire on the way (410 Gone, when a page takes longer than the server's compaction
 * interval), the list is fetched once more in one piece, which cannot.
 */
export const listAll = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  freshness: Freshness,
): Promise<Listed<K, T>> => {
  if (freshness === 'any') return listPages(session, resource, { limit: 0, resourceVersion: '0' });
  try {
    return await listPages(session, resource, { limit: session.timing.pageSize });
  } catch (error) {
    if (!isGone(error)) throw error;
    return listPages(session, resource, { limit: 0 });
  }
};

/** The resourceVersion that the server has got to, learned from a list of one object. */
export const currentVersion = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<string> => (await fetchPage(session, resource, { limit: 1 }, () => undefined)).resourceVersion;
