import path from 'node:path';
import { Command, Option } from 'commander';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { FAMILIES, type Families, type Network, NETWORKS, type Setting } from '../../test/attacks/stage/setting.ts';

export interface AttackOptions {
  readonly settings: readonly Setting[];
  /** Part of the names of the attacks to run; all if empty. */
  readonly only: string;
  /** Whether to leave out attacks that take a second or more. */
  readonly quick: boolean;
  /** The built checkout to attack. */
  readonly checkout: string;
  /** The folder of the report; if absent, none is written. */
  readonly report: string | undefined;
  /** Whether to write only docs/attacks.md. */
  readonly table: boolean;
}

const ROOT = path.join(import.meta.dirname, '../..');
const BACKENDS: readonly IptablesBackend[] = ['nft', 'legacy'];

/** Reads the command line. Prints help or an error, and then ends the process. */
export const parseOptions = (args: readonly string[]): AttackOptions => {
  const command = new Command('npm run attacks --')
    .description(
      'Attacks clusters in private namespaces by hand-made frames: each attack is sent without agents, where it has to ' +
        'arrive, and with them, where it must not and what is like it and allowed has to. Exits with 1 where it is otherwise.',
    )
    .addOption(new Option('--network <NETWORK>', 'only this one').choices(NETWORKS))
    .addOption(new Option('--families <FAMILIES>', 'only these of the cluster').choices(FAMILIES))
    .addOption(new Option('--backend <BACKEND>', 'only this one').choices(BACKENDS))
    .option('--only <TEXT>', 'attacks whose name contains it', '')
    .option('--checkout <DIR>', 'the built checkout that is attacked', process.env['PORTCULLIS_CHECKOUT'] ?? ROOT)
    .option('--quick', 'leave out attacks that take a second or more', false)
    .option('--table', 'only write docs/attacks.md from the catalogue', false)
    .option('--report <DIR>', 'where report.md and report.json are written');
  command.parse(args, { from: 'user' });
  const { network, families, backend, only, checkout, report, table, quick } = command.opts<{
    network?: Network;
    families?: Families;
    backend?: IptablesBackend;
    only: string;
    checkout: string;
    report?: string;
    table: boolean;
    quick: boolean;
  }>();
  const chosen = <T>(all: readonly T[], one: T | undefined): readonly T[] => (one === undefined ? all : [one]);
  return {
    settings: chosen(NETWORKS, network).flatMap((net) =>
      chosen(FAMILIES, families).flatMap((some) =>
        chosen(BACKENDS, backend).map((each) => ({ network: net, families: some, backend: each })),
      ),
    ),
    only,
    quick,
    table,
    checkout: path.resolve(checkout),
    report: report === undefined ? undefined : path.resolve(report),
  };
};
