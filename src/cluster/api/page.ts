import { asObject, asText, isRawObject, type RawObject } from '../raw.ts';
import { NonsenseError } from './nonsense.ts';

/** A list of the API, or a part of one. */
export interface Page {
  readonly items: Iterable<RawObject>;
  readonly resourceVersion: string;
  /** What to ask for the next page with; '' after the last. */
  readonly continueToken: string;
}

/** @throws NonsenseError for what is no list of objects */
export const readPage = (list: unknown, path: string): Page => {
  const raw = asObject(list);
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
