/** A path into an object: `['spec', 'ingress', 0, 'from']`. */
export type FieldPath = readonly (string | number)[];

/** Returns `spec.ingress[0].from`, in the format of the API server; keys that are not plain words are quoted. */
export const formatField = (path: FieldPath): string =>
  path
    .map((step, index) => {
      if (typeof step === 'number') return `[${String(step)}]`;
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
