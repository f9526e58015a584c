/** A path into an object: `['spec', 'ingress', 0, 'from']`. */
export type FieldPath = readonly (string | number)[];

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
}

/** `spec.ingress[0].from`, as the API server spells field paths; keys that are no plain words are quoted. */
export const formatField = (path: FieldPath): string =>
  path
    .map((step, index) => {
      if (typeof step === 'number') return `[${String(step)}]`;
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');

/** `policy.yaml:12:7: NetworkPolicy shop/web: spec.ingress[0]: message`, one line. */
export const formatProblem = ({ file, line, column, object, field, message }: ManifestProblem): string =>
  [`${file}:${String(line)}:${String(column)}`, object, field, message].filter((part) => part !== undefined).join(': ');
