import { describeError } from '../e2e/cluster/describe-error.ts';
import { kindCommand } from './kind/command.ts';

/** `npm run kind [-- up|stories|down]`: Portcullis on a cluster of kind, for machines with Docker. */
try {
  await kindCommand().parseAsync();
} catch (error) {
  console.error(`kind: ${describeError(error)}`);
  process.exitCode = 1;
}
