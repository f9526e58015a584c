import { fuzzCommand } from '../chaos/fuzz/command.ts';
import { endOnSignals } from './end-on-signals.ts';

/** The inner half of `npm run fuzz`, started inside the sandbox. */
endOnSignals();
try {
  await fuzzCommand().parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
