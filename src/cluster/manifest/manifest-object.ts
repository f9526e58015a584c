import type { RawObject } from '../raw.ts';
import type { KindUse } from './kinds.ts';
import type { FieldPath } from '../../model/field-path.ts';
import type { ManifestProblem, Place } from './place.ts';
import type { FieldSpan } from './yaml-document.ts';

/** One object of a manifest whose kind and name could be read. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for a Namespace; `default` if the manifest has none. */
  readonly namespace: string;
  readonly name: string;
  readonly use: KindUse;
  /** Whether a problem says that the API server would refuse it. Its valid parts still count. */
  readonly flawed: boolean;
  /** As written. */
  readonly raw: RawObject;
  /** The place where it begins. */
  readonly place: Place;
  /** Returns the place of a field, such as `['spec', 'ingress', 0]`, or of the nearest one around it if it is missing. */
  locate(field: FieldPath): Place;
  /** Where the text of a field begins and ends; undefined if it is not there, or written elsewhere (an alias). */
  spanOf(field: FieldPath): FieldSpan | undefined;
}

/** The content of a file. */
export interface FileContent {
  readonly file: string;
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** Returns `NetworkPolicy shop/allow-web`. */
export const describeObject = ({
  kind,
  namespace,
  name,
}: Pick<ManifestObject, 'kind' | 'namespace' | 'name'>): string =>
  namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
