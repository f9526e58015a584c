/** A path into an object: `['spec', 'ingress', 0, 'from']`. */
export type FieldPath = readonly (string | number)[];

/** `spec.ingress[0].from`, as the API server spells field paths; keys that are no plain words are quoted. */
export const formatField = (path: FieldPath): string =>
  path
    .map((step, index) => {
      if (typeof step === 'number') return `[${String(step)}]`;
      if (!/^[\w$-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
