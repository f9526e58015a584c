const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Maximum time for the work before the end. */
const GRACE_MS = 10_000;

/**
 * Ends this program on SIGHUP, SIGINT and SIGTERM. A sandbox's first process is the first of its process namespace,
 * which gets no signal that it does not handle (pid_namespaces(7)); when it ends, all others do.
 * @param before called first
 */
export const endOnSignals = (before: () => Promise<unknown> = () => Promise.resolve()): void => {
  for (const [name, number] of Object.entries(NUMBERS)) {
    process.once(name, () => {
      const end = (): void => process.exit(128 + number);
      setTimeout(end, GRACE_MS);
      before().then(end, end);
    });
  }
};
