import type { ApiConnection, Connect } from './connection.ts';
import { needsReconnect } from './failure.ts';

/** One connection for many requests, until it turns out to be bad. */
export interface SharedConnection {
  /** Made when first asked for, and anew after a drop. */
  readonly current: Connect;
  drop(): void;
  /**
   * Asks over it, and drops it where the failure may be the connection's.
   * @throws what `ask` or the making of the connection throws
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
