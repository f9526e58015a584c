import { printable } from '../../model/printable.ts';

/** A place in a manifest; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A part of a manifest that is invalid. */
export interface ManifestProblem extends Place {
  /** `NetworkPolicy shop/allow-web`, or the part of it that could be read. */
  readonly object?: string;
  /** `spec.ingress[0].from`. */
  readonly field?: string;
  readonly message: string;
  /** Nothing that decides who reaches whom is lost by it, as of a file that holds no manifests. */
  readonly weight?: 'note';
}

/** Returns one line: `policy.yaml:12:7: NetworkPolicy shop/web: spec.ingress[0]: message`. */
export const formatProblem = ({ file, line, column, object, field, message }: ManifestProblem): string =>
  printable(
    [`${file}:${String(line)}:${String(column)}`, object, field, message]
      .filter((part) => part !== undefined)
      .join(': '),
  );
