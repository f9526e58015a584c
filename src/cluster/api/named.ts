import { asObject, asText, type RawObject } from '../raw.ts';
import { NonsenseError } from './nonsense.ts';

/** @throws NonsenseError for an object without `metadata.name`, which every object of the API has. */
export const requireName = (object: RawObject, path: string): void => {
  if (!asText(asObject(object['metadata'])['name'])) throw new NonsenseError(path, 'an object has no metadata.name');
};
