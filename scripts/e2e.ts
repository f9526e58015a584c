import { describeError } from '../e2e/cluster/describe-error.ts';
import { e2eCommand } from '../e2e/runner/command.ts';

/** `npm run e2e [-- OPTIONS]`: see its --help. */
try {
  await e2eCommand().parseAsync();
} catch (error) {
  console.error(`e2e: FAILED: ${describeError(error)}`);
  process.exitCode = 1;
}
// Abandoned work may still be pending.
process.exit();
