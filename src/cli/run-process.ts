import { type ProgramText, runCli } from './run-cli.ts';
import type { VerbEntry } from './verbs.ts';

/** Runs the command line of this process. The process ends when nothing is left to do. */
export const runProcess = async (verbs: readonly VerbEntry[], program?: ProgramText): Promise<void> => {
  // `portcullis render … | head` closes the pipe early, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  process.exitCode = await runCli(
    process.argv.slice(2),
    {
      env: process.env,
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
    },
    verbs,
    program,
  );
};
