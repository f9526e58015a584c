import type { Clock } from '../../model/clock.ts';
import type { Intern } from '../intern.ts';
import type { ApiConnection } from './connection.ts';
import type { Timing } from './timing.ts';

/** The parts that a list or watch needs. */
export interface Session {
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly intern: Intern;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends the session. */
  readonly signal: AbortSignal;
  /** Called for each message of the server. */
  heard(): void;
}
