import type { Clock } from '../../model/clock.ts';
import type { Intern } from '../intern.ts';
import type { ApiConnection } from './connection.ts';
import type { Timing } from './timing.ts';

/** What one list or watch works with. */
export interface Session {
  readonly connection: ApiConnection;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly intern: Intern;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends it from outside. */
  readonly signal: AbortSignal;
  /** Called at each sign of life of the server. */
  heard(): void;
}
