import { runCli } from '../../src/cli/run-cli.ts';
import type { ExitCode } from '../../src/cli/verb.ts';

/** What a command line printed, and how it ended. */
export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line inside the test's own process, with the real verbs. */
export const runVerbs = async (...args: readonly string[]): Promise<CliRun> => {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    env: {},
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
};
