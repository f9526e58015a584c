import path from 'node:path';
import { Command, Option } from 'commander';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { FAMILIES, type Families, type Network, NETWORKS, type Setting } from '../../test/attacks/stage/setting.ts';

export interface AttackOptions {
  readonly settings: readonly Setting[];
  /** Part of the names of the attacks that run; all if empty. */
  readonly only: string;
  /** Leaves out what takes a second or more. */
  readonly quick: boolean;
  /** The built checkout that is attacked. */
  readonly checkout: string;
  /** The folder of the report; none is written if absent. */
  readonly report: string | undefined;
  /** Only writes docs/attacks.md. */
  readonly table: boolean;
}

const ROOT = path.join(import.meta.dirname, '../..');
const BACKENDS: readonly IptablesBackend[] = ['nft', 'legacy'];

/** Reads the command line; prints help or what is wrong and ends the process where that is all there is to do. */
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
