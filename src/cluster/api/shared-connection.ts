import type { ApiConnection, Connect } from './connection.ts';
import { needsReconnect } from './failure.ts';

/** One connection for many requests, until a request fails because of it. */
export interface SharedConnection {
  /** Returns the connection; makes it on the first call, and again after `drop`. */
  readonly current: Connect;
  drop(): void;
  /**
   * Calls `ask` with the connection, and drops it if the failure may be the connection's.
   * @throws the error of `ask` or of making the connection
   */
  use<T>(ask: (connection: ApiConnection) => Promise<T>): Promise<T>;
}

export const shareConnection = (connect: Connect): SharedConnection => {
  let shared: Promise<ApiConnection> | undefined;
  const current = (): Promise<ApiConnection> => (shared ??= connect());
  const drop = (): void => {
    shared = undefined;
  };
  return {
    current,
    drop,
    async use(ask) {
      try {
        return await ask(await current());
      } catch (error) {
        if (needsReconnect(error)) drop();
        throw error;
      }
    },
  };
};
