/** Milliseconds of each unit. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration in the format of Go and Kubernetes, with one unit: `500ms`, `5s`, `1.5m`, `1h`.
 * @returns milliseconds; undefined for an invalid duration
 */
export const readDuration = (text: string): number | undefined => {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const scale = UNITS[unit];
  return amount === undefined || scale === undefined ? undefined : Number(amount) * scale;
};
