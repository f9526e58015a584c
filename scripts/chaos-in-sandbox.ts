import { chaosCommand } from '../chaos/run/command.ts';
import { endOnSignals } from './end-on-signals.ts';

/** The inner half of `npm run chaos`, started inside the sandbox. */
try {
  await chaosCommand(endOnSignals).parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
