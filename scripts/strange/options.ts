import path from 'node:path';
import { Command, Option } from 'commander';
import type { IptablesBackend } from '../../src/lab/settings.ts';

export interface StrangeOptions {
  /** Parts of the names of the conditions that are made, with commas; all if empty. */
  readonly only: string;
  /** Only those that `npm test` has. */
  readonly quick: boolean;
  readonly backends: readonly IptablesBackend[];
  /** The folder of the report; none is written if absent. */
  readonly report: string | undefined;
  /** Whether tools of other releases of Debian are fetched. */
  readonly fetch: boolean;
}

const BACKENDS: readonly IptablesBackend[] = ['nft', 'legacy'];

/** Reads the command line; prints help or what is wrong and ends the process where that is all there is to do. */
export const parseOptions = (args: readonly string[]): StrangeOptions => {
  const command = new Command('npm run strange --')
    .description(
      'Makes nodes as they really may be, each in a network namespace with real agents: rules and sets of others that the tools ' +
        'cannot read, other versions of the tools, odd settings of the kernel, missing modules. Exits with 1 where something ' +
        'does not hold.',
    )
    .addOption(new Option('--backend <BACKEND>', 'only this one').choices(BACKENDS))
    .option('--only <TEXT>', 'conditions whose name contains it, or one of a list such as tools/,load/', '')
    .option('--quick', 'only those of npm test', false)
    .option(
      '--no-fetch',
      'do not fetch tools of Debian 11 and 13 by apt: what needs them is not made, if they are not there',
    )
    .option('--report <DIR>', 'where report.md and report.json are written; rows there of what is not made now stay');
  command.parse(args, { from: 'user' });
  const { backend, only, quick, report, fetch } = command.opts<{
    backend?: IptablesBackend;
    only: string;
    quick: boolean;
    report?: string;
    fetch: boolean;
  }>();
  return {
    only,
    quick,
    fetch,
    backends: backend === undefined ? BACKENDS : [backend],
    report: report === undefined ? undefined : path.resolve(report),
  };
};
