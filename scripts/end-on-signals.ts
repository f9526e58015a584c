const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** For what still has to be done before the end, ms. */
const GRACE_MS = 10_000;

/**
 * Ends this program on SIGHUP, SIGINT and SIGTERM. The first process of a sandbox is the first of its process namespace, to
 * which signals that it does not handle are not delivered at all (pid_namespaces(7)); when it ends, all others do.
 * @param before done first
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
