/** Counting ends at this weight: such a field is large in any case. */
const MOST = 20_000;

const weights = new WeakMap<object, number>();

/** Counts the values in the JSON, nested ones included, up to about 20,000: the cost of reading it. */
export const weightOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let weight = 0;
  const waiting: unknown[] = [value];
  while (waiting.length > 0 && weight < MOST) {
    const next = waiting.pop();
    weight += 1;
    if (typeof next !== 'object' || next === null) continue;
    for (const each of Object.values(next)) {
      if (waiting.length >= MOST) break;
      waiting.push(each);
    }
  }
  weights.set(value, weight);
  return weight;
};
