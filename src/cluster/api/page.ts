import { asObject, asText, isRawObject, type RawObject } from '../raw.ts';
import { NonsenseError } from './nonsense.ts';

/** A list of the API, or a part of one. */
export interface Page {
  readonly items: Iterable<RawObject>;
  readonly resourceVersion: string;
  /** Token for the next page; '' after the last. */
  readonly continueToken: string;
}

/** @throws NonsenseError for anything but a list of objects */
export const readPage = (list: unknown, path: string): Page => {
  const raw = asObject(list);
  const metadata = asObject(raw['metadata']);
  const resourceVersion = asText(metadata['resourceVersion']);
  // Go writes an empty slice as [], and a nil slice as null.
  const items = raw['items'] === null ? [] : raw['items'];
  if (resourceVersion === undefined || !Array.isArray(items)) {
    throw new NonsenseError(path, 'the answer is not a list of the Kubernetes API');
  }
  // Skipping an item would look like its deletion.
  if (!items.every(isRawObject)) throw new NonsenseError(path, 'the list has an item that is no object');
  return { items, resourceVersion, continueToken: asText(metadata['continue']) ?? '' };
};
