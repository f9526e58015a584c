/** Returns an equal string, the same one each time, so that a cluster's many equal label values are held once. */
export type Intern = (text: string) => string;

/**
 * @param limit strings remembered before the pool starts anew: values that never repeat (pod-template-hash, names in
 * labels) must not make it grow without end. Strings handed out before stay valid.
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
