/** Returns the same string object for equal strings, so that equal label values of a cluster are stored once. */
export type Intern = (text: string) => string;

/**
 * @param limit strings remembered before the pool starts again. It bounds the memory that values which never repeat
 * (pod-template-hash, names in labels) need. Strings returned earlier stay valid.
 */
export const createIntern = (limit = 50_000): Intern => {
  const pool = new Map<string, string>();
  return (text) => {
    const known = pool.get(text);
    if (known !== undefined) return known;
    if (pool.size >= limit) pool.clear();
    pool.set(text, text);
    return text;
  };
};
