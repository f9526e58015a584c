import type { RawObject } from '../raw.ts';
import type { KindUse } from './kinds.ts';
import type { FieldPath } from '../../model/field-path.ts';
import type { ManifestProblem, Place } from './place.ts';
import type { FieldSpan } from './yaml-document.ts';

/** One object of a manifest whose kind and name could be read. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for a Namespace; `default` where a manifest names none. */
  readonly namespace: string;
  readonly name: string;
  readonly use: KindUse;
  /** Something in it is wrong, as a problem tells: the API server would refuse it. What can be read of it counts. */
  readonly flawed: boolean;
  /** As written. */
  readonly raw: RawObject;
  /** Where it begins. */
  readonly place: Place;
  /** Where a field stands, as in `['spec', 'ingress', 0]`; the nearest one around it if it is not there. */
  locate(field: FieldPath): Place;
  /** Where the text of a field begins and ends; undefined if it is not there, or written elsewhere (an alias). */
  spanOf(field: FieldPath): FieldSpan | undefined;
}

/** What a file holds. */
export interface FileContent {
  readonly file: string;
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** `NetworkPolicy shop/allow-web`. */
export const describeObject = ({
  kind,
  namespace,
  name,
}: Pick<ManifestObject, 'kind' | 'namespace' | 'name'>): string =>
  namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
