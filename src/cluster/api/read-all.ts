import type { RawObject } from '../raw.ts';
import { boundedBytes, MEBIBYTE } from './bounded-body.ts';
import type { ApiConnection } from './connection.ts';
import { readPage } from './page.ts';
import { get, type Query } from './request.ts';
import { unpacked } from './unpacked.ts';

const PAGE_SIZE = 500;
/** A page of the largest objects that etcd takes. */
const MAX_PAGE_BYTES = 256 * MEBIBYTE;
const DEADLINE_MS = 60_000;

const readJson = async (
  connection: ApiConnection,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<unknown> => {
  const response = await get(connection, path, query, 'application/json', signal, 'gzip');
  const bytes = await boundedBytes(unpacked(response), path, MAX_PAGE_BYTES);
  return JSON.parse(bytes.toString('utf8')) as unknown;
};

const patience = (signal: AbortSignal | undefined): AbortSignal =>
  signal === undefined ? AbortSignal.timeout(DEADLINE_MS) : AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);

/** Reads one object of the API as JSON. @throws ApiError, with code 404 if it does not exist; else as get */
export const readOne = (connection: ApiConnection, path: string, signal?: AbortSignal): Promise<unknown> =>
  readJson(connection, path, {}, patience(signal));

/** Lists all objects under a path once, in pages, as JSON. @throws as get; NonsenseError */
export const readAll = async (
  connection: ApiConnection,
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): Promise<readonly RawObject[]> => {
  const objects: RawObject[] = [];
  let continueToken = '';
  do {
    const part = { ...query, limit: String(PAGE_SIZE), ...(continueToken === '' ? {} : { continue: continueToken }) };
    const page = readPage(await readJson(connection, path, part, patience(signal)), path);
    objects.push(...page.items);
    ({ continueToken } = page);
  } while (continueToken !== '');
  return objects;
};
