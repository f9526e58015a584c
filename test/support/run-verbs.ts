import { runCli } from '../../src/cli/run-cli.ts';
import type { CliIo, ExitCode } from '../../src/cli/verb.ts';
import { VERBS } from '../../src/cli/verbs.ts';

/** The output of a command line, and its exit code. */
export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line with the real verbs inside the test's own process. */
export const runVerbs = async (...args: readonly string[]): Promise<CliRun> => {
  let out = '';
  let err = '';
  const io: CliIo = { env: {}, out: (text) => void (out += text), err: (text) => void (err += text) };
  const code = await runCli(args, io, VERBS);
  return { code, out, err };
};
