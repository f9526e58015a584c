import { createListReader } from '../protobuf/list-reader.ts';
import type { RawObject } from '../raw.ts';
import type { Resource } from '../resource.ts';
import { isGone } from './api-error.ts';
import { requireName } from './watch.ts';
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

/** A page of usual objects has a few MiB; a page of the largest objects that etcd accepts would exceed the agent's memory. */
const MAX_PAGE_BYTES = 32 * MEBIBYTE;
/** Maximum of a list in one piece, which is the last resort. */
const MAX_LIST_BYTES = 256 * MEBIBYTE;
/** The pages that replace one that is too large are smaller by this factor. */
const SMALLER = 10;

/**
 * The state that a list shows. `newest`: the state at the time of the request, in pages, which etcd reads with a quorum.
 * `any`: the state in the API server's memory, which may be older, in one piece and several times as fast
 * (resourceVersion=0, which client-go starts with).
 */
export type Freshness = 'newest' | 'any';

/** The rest of a page after its objects were taken. */
type PageEnd = Omit<Page, 'items'>;

interface Part {
  /** Objects per page; 0 for all. */
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
    // Compressing costs the server less than sending does, and decompressing runs in another thread.
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
      // Protobuf cannot express an item that is not an object.
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
      // Thrown before any object of the page was taken.
      if (!(error instanceof TooLargeError) || part.limit <= 1) throw error;
      part = { ...part, limit: Math.ceil(part.limit / SMALLER) };
    }
  }
};

/**
 * Lists all objects of a kind; only the trimmed ones stay in memory. The newest state (requested without resourceVersion)
 * never goes back in time. If its pages expire (410 Gone, when a page takes longer than the server's compaction
 * interval), fetches the list again in one piece, which cannot expire.
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

/** Returns the server's current resourceVersion, from a list of one object. */
export const currentVersion = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
): Promise<string> => (await fetchPage(session, resource, { limit: 1 }, () => undefined)).resourceVersion;
