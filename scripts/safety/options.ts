import { Argument, Command, Option } from 'commander';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { positive } from '../positive.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';

export interface SafetyOptions {
  readonly rows: readonly Row[];
  readonly rounds: number;
  readonly backends: readonly IptablesBackend[];
  /** The file of the table; only printed if absent. */
  readonly out: string | undefined;
}

const ALL = 'all';
const BACKENDS: readonly IptablesBackend[] = ['nft', 'legacy'];

/** Reads the command line. Prints help or an error, and then ends the process. */
export const parseOptions = (args: readonly string[]): SafetyOptions => {
  const command = new Command('npm run safety --')
    .description(
      'Proves by counted packets that nothing leaks and nothing breaks when agents end, are replaced by those of another ' +
        'version and when policies change under live connections, and by the clock that what others do to the rules is ' +
        'repaired. Exits with 1 where a goal is missed.',
    )
    .addArgument(
      new Argument('[row...]', 'what to prove').choices([...ROWS.map(({ name }) => name), ALL]).default([ALL], ALL),
    )
    .option('--rounds <N>', 'of each row and backend', positive, 20)
    .addOption(new Option('--backend <BACKEND>', 'only this one').choices(BACKENDS))
    .option('--out <FILE>', 'where the table is written as well');
  command.parse(args, { from: 'user' });
  const [names = []] = command.processedArgs as [(readonly string[])?];
  const { rounds, backend, out } = command.opts<{ rounds: number; backend?: IptablesBackend; out?: string }>();
  return {
    rows: names.includes(ALL) ? ROWS : names.flatMap((name) => ROWS.filter((row) => row.name === name)),
    rounds,
    backends: backend === undefined ? BACKENDS : [backend],
    out,
  };
};
