import { type Command, Option } from 'commander';
import type { IptablesBackend } from '../../lab/settings.ts';
import { outputOption, type OutputFormat } from '../output.ts';
import type { FamiliesChoice } from './families.ts';

/** The options of `play`, as commander leaves them. */
export interface PlayOptions {
  readonly once?: true;
  readonly output: OutputFormat;
  readonly why?: true;
  readonly apiServer?: true;
  readonly story?: boolean;
  readonly ui?: true;
  readonly ipFamilies: FamiliesChoice;
  readonly iptablesBackend: IptablesBackend;
}

export const addPlayOptions = (command: Command): void => {
  command
    .argument('<dir>', 'a folder of manifests (or, with --story, of a story or of stories)')
    .option('--once', 'print the table and exit')
    .addOption(outputOption())
    .option('--why', 'tell the reason of each cell')
    .option('--api-server', 'run it on a real kube-apiserver, and print how to reach it with kubectl')
    .option('--ui', 'show it in a page for a browser on this machine, which applies policies and tries connections')
    .option('--story', 'tell the story of the folder step by step, with real curl')
    .addOption(
      new Option('--ip-families <which>', 'families that pods get addresses of; auto: those that the manifests use')
        .choices(['auto', 'ipv4', 'ipv6', 'dual'])
        .default('auto'),
    )
    .addOption(
      new Option('--iptables-backend <which>', 'the iptables that the agents write with')
        .choices(['nft', 'legacy'])
        .default('nft'),
    );
};
