import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { AgentKind } from '../../test/support/lab/agent.ts';
import type { ChaosState } from './state.ts';

/** One change of the cluster, as its owner would make it. */
export interface Change {
  /** For the report: `create pod`. */
  readonly name: string;
  readonly kind: AgentKind;
  /** Addresses whose owner may be one or the other on the way. */
  readonly contested: readonly string[];
  /** The state with it; what only the API server knows is left empty. */
  apply(state: ChaosState): ChaosState;
  /**
   * Writes it.
   * @returns the state with it, complete, and the resourceVersion that whoever saw it knows, if that is to be told.
   * @throws RefusedError where the API server takes no such object: nothing was changed.
   */
  write(admin: AdminClient, state: ChaosState): Promise<{ readonly state: ChaosState; readonly version?: string }>;
}

/** The API server does not accept the object. */
export class RefusedError extends Error {
  constructor(cause: unknown) {
    super('the API server refused an object', { cause });
    this.name = 'RefusedError';
  }
}
