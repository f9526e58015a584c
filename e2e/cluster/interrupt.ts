const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does work that a signal interrupts, so that the caller can clean up.
 *
 * @throws Error on SIGINT, SIGTERM or SIGHUP; the error of `work`
 */
export const interruptible = async <T>(work: () => Promise<T>): Promise<T> => {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const stop = (signal: NodeJS.Signals): void => {
    reject(new Error(`interrupted by ${signal}`));
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
};
