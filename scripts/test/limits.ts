/** Maximum times of the parts of `npm test`. */
export interface Limits {
  /** Everything. */
  readonly totalMs: number;
  /** The static checks. */
  readonly checkMs: number;
  /** Building what the tests need. */
  readonly prepareMs: number;
  /** Between two tests that begin or end. */
  readonly stallMs: number;
}

const MINUTE_MS = 60_000;

/** The longest deadline of a test is ten minutes; jest itself ends a test that exceeds its own. */
const STALL_MS = 12 * MINUTE_MS;

const secondsOf = (env: NodeJS.ProcessEnv, name: string): number | undefined => {
  const text = env[name] ?? '';
  if (text === '') return undefined;
  const seconds = Number(text);
  if (!(seconds > 0)) throw new Error(`${name}: ${JSON.stringify(text)} is not a number of seconds`);
  return seconds * 1000;
};

/**
 * Reads the limits: PORTCULLIS_TEST_SECONDS for a whole run, PORTCULLIS_TEST_STALL_SECONDS for a time without progress.
 * Properties that are tried for longer (PORTCULLIS_PROPERTY_SECONDS) add that time each.
 */
export const readLimits = (env: NodeJS.ProcessEnv): Limits => {
  const forProperties = secondsOf(env, 'PORTCULLIS_PROPERTY_SECONDS') ?? 0;
  return {
    totalMs: secondsOf(env, 'PORTCULLIS_TEST_SECONDS') ?? 90 * MINUTE_MS + 100 * forProperties,
    checkMs: 20 * MINUTE_MS,
    prepareMs: 20 * MINUTE_MS,
    stallMs: (secondsOf(env, 'PORTCULLIS_TEST_STALL_SECONDS') ?? STALL_MS) + 2 * forProperties,
  };
};
