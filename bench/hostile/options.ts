import { Command, Option } from 'commander';
import type { Backend } from '../../src/kernel/iptables.ts';
import { positive } from '../../scripts/positive.ts';
import { SIZES, type SizeName } from '../state/size.ts';

export interface HostileOptions {
  readonly state: SizeName;
  /** Number of changes of the other tenant in each phase. */
  readonly changes: number;
  /** Selects the tenants whose name contains it. */
  readonly only: string;
  readonly backend: Backend;
  readonly out: string;
}

/** Reads the command line. Prints help or an error, and then ends the process. */
export const parseHostileOptions = (args: readonly string[], root: string): HostileOptions => {
  const command = new Command('npm run bench:hostile --')
    .description("Measures how long a tenant's changes take while another tenant does his worst.")
    .addOption(
      new Option('--state <SIZE>', 'size of the cluster')
        .choices(Object.keys(SIZES).filter((name) => name !== 'XL'))
        .default('M'),
    )
    .option('--changes <N>', 'changes in each phase', positive, 100)
    .option('--only <TEXT>', 'only tenants whose name holds this', '')
    .addOption(
      new Option('--backend <NAME>', 'of iptables; legacy takes the tenants alone whose rules are many')
        .choices(['nft', 'legacy'])
        .default('nft'),
    )
    .option('--out <FOLDER>', 'where results go', `${root}/bench/results/hostile`);
  command.parse(args, { from: 'user' });
  return command.opts<HostileOptions>();
};
