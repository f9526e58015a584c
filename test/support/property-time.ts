import fc from 'fast-check';

/**
 * Returns how long a property is tried: `ms`, or PORTCULLIS_PROPERTY_SECONDS if that is set. A run under way is
 * finished. Without the variable the inputs are the same each time; with it they differ, and a failure prints the seed.
 */
export const propertyTime = (ms: number) => {
  const seconds = Number(process.env['PORTCULLIS_PROPERTY_SECONDS'] ?? 0);
  return seconds > 0
    ? { numRuns: 10_000_000, plugins: [fc.interruptAfterTimeLimit(seconds * 1000)] }
    : { numRuns: 2_000, seed: 20_260_101, plugins: [fc.interruptAfterTimeLimit(ms)] };
};
