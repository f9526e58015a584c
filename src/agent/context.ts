import type { Config } from '../config/config.ts';
import type { Clock } from '../model/clock.ts';
import type { EventSink } from '../model/operator-event.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface AgentOptions {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The inputs of every part of an agent. */
export interface AgentContext extends AgentOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventSink;
}
