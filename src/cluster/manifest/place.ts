import { printable } from '../../model/printable.ts';

/** Where something stands in a manifest; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something in a manifest that cannot be taken as it is. */
export interface ManifestProblem extends Place {
  /** `NetworkPolicy shop/allow-web`, as far as it could be read. */
  readonly object?: string;
  /** `spec.ingress[0].from`. */
  readonly field?: string;
  readonly message: string;
  /** Nothing that decides who reaches whom is lost by it, as of a file that holds no manifests. */
  readonly weight?: 'note';
}

/** `policy.yaml:12:7: NetworkPolicy shop/web: spec.ingress[0]: message`, one line. */
export const formatProblem = ({ file, line, column, object, field, message }: ManifestProblem): string =>
  printable(
    [`${file}:${String(line)}:${String(column)}`, object, field, message]
      .filter((part) => part !== undefined)
      .join(': '),
  );
