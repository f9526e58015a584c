import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { ConfigError } from '../config/config-error.ts';
import { printable } from '../model/printable.ts';
import { complete } from './complete.ts';
import { describeFailure } from './failure.ts';
import { type CliIo, type ExitCode, UsageError } from './verb.ts';
import type { VerbEntry } from './verbs.ts';

/** A program as its help presents it. */
export interface ProgramText {
  readonly name: string;
  readonly afterHelp: string;
}

const EXIT_CODES = 'Exit codes: 0 for success, 1 for findings or a failure, 2 for wrong usage.';

const PORTCULLIS: ProgramText = {
  name: 'portcullis',
  afterHelp: `
Try it on this machine. It needs no root and does not touch the firewall:
  portcullis play demo/01-three-tiers
      pods run as namespaces; a live table shows who reaches whom

Ask about manifests. Nothing is touched:
  portcullis check -f policies/
      mistakes and surprises, with file, line and a suggestion
  portcullis matrix -f manifests/
      who reaches whom, on which ports, and why
  portcullis diff main:deploy/ deploy/
      which connections a change opens or closes
  portcullis explain shop/web shop/db:5432 -f manifests/
      why a connection is refused, and what would allow it

${EXIT_CODES}
"portcullis VERB --help" explains a verb.`,
};

/** The program as kubectl's plugin. */
export const KUBECTL_PORTCULLIS: ProgramText = {
  name: 'kubectl portcullis',
  afterHelp: `
Why is something refused, and what would allow it:
  kubectl portcullis flows --denied -w
  kubectl portcullis explain shop/web shop/db:5432

It reads the cluster with your own rights, and asks agents by exec in their
pods.

${EXIT_CODES}
"kubectl portcullis VERB --help" explains a verb.`,
};

/** Returns the verb in `VERB …` or `help VERB`: only its file is loaded. */
const namedVerb = (args: readonly string[]): string | undefined => (args[0] === 'help' ? args[1] : args[0]);

const createProgram = ({ name, afterHelp }: ProgramText, io: CliIo): Command =>
  new Command(name)
    .description(`${packageJson.description}.`)
    .version(packageJson.version)
    .usage('VERB [options]')
    .addHelpText('after', afterHelp)
    .showHelpAfterError(`("${name} VERB --help" explains it)`)
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .exitOverride();

const addVerb = async (
  program: Command,
  entry: VerbEntry,
  named: string | undefined,
  io: CliIo,
  onExit: (code: ExitCode) => void,
): Promise<void> => {
  const command = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
  if (entry.name !== named) return;
  const verb = await entry.load();
  verb.declare(command);
  command.action(async () => onExit(await verb.run(command, io)));
};

const exitCodeOf = (error: unknown, program: string, verb: string | undefined, io: CliIo): ExitCode => {
  // Help and version are errors too, with exit code 0; commander has printed its own message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const lines = describeFailure(error).split('\n').map(printable);
  io.err(`${program}${verb === undefined ? '' : ` ${verb}`}: ${lines.join('\n')}\n`);
  return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
};

/**
 * Runs one command line to its end. Never throws: prints failures on `io.err` and returns the exit code.
 * @param args the arguments after the program's name
 */
export const runCli = async (
  args: readonly string[],
  io: CliIo,
  verbs: readonly VerbEntry[],
  program: ProgramText = PORTCULLIS,
): Promise<ExitCode> => {
  const named = namedVerb(args);
  let code: ExitCode = 0;
  try {
    // Shells ask while a command line is typed.
    if (named === '__complete') {
      io.out(`${(await complete(args.slice(1), verbs)).join('\n')}\n`);
      return 0;
    }
    const command = createProgram(program, io);
    for (const entry of verbs) {
      await addVerb(command, entry, named, io, (exit) => {
        code = exit;
      });
    }
    await command.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return exitCodeOf(error, program.name, named, io);
  }
};
