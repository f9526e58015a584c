import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { AgentKind } from '../../test/support/lab/agent.ts';
import type { ChaosState } from './state.ts';

/** A change of the cluster, as its owner would make it. */
export interface Change {
  /** The name in the report: `create pod`. */
  readonly name: string;
  readonly kind: AgentKind;
  /** Addresses whose owner may be either pod meanwhile. */
  readonly contested: readonly string[];
  /** Returns the state with the change; fields that only the API server knows are empty. */
  apply(state: ChaosState): ChaosState;
  /**
   * Writes the change to the API server.
   * @returns the complete state with it, and the resourceVersion from which on a reader has it, if it is known
   * @throws RefusedError if the API server refuses the object: then nothing was changed
   */
  write(admin: AdminClient, state: ChaosState): Promise<{ readonly state: ChaosState; readonly version?: string }>;
}

/** The API server refuses the object. */
export class RefusedError extends Error {
  constructor(cause: unknown) {
    super('the API server refused an object', { cause });
    this.name = 'RefusedError';
  }
}
