import { fuzzCommand } from '../chaos/fuzz/command.ts';

/** The inner half of `npm run fuzz`, started inside the sandbox. */
try {
  await fuzzCommand().parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
