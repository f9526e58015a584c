import { Command, InvalidArgumentError, Option } from 'commander';
import { positive } from '../scripts/positive.ts';
import type { AgentSpec } from './agent/agent-spec.ts';
import { ROW_GROUPS, type RowGroup } from './rows/row.ts';
import { SIZES, type SizeName } from './state/size.ts';

/** The kind of profile: time or allocations. */
export type ProfileKind = 'cpu' | 'heap';

export interface BenchOptions {
  readonly state: SizeName;
  readonly groups: readonly RowGroup[];
  /** Rounds. Each gives one sample of a cold start and `cycles` samples of each change. */
  readonly samples: number;
  readonly cycles: number;
  /** Number of rounds that also measure the rows that take `seconds`: churn, idling, load on the packet path. */
  readonly longSamples: number;
  readonly seconds: number;
  /** Number of samples in a row that such a round gives. */
  readonly windows: number;
  readonly agents: readonly AgentSpec[];
  readonly own: boolean;
  /** Another built checkout, whose agent is measured in turn with ours. */
  readonly against: string | undefined;
  /** Percentage by which a row may be worse than that agent's. */
  readonly tolerance: number;
  readonly note: string | undefined;
  /** If set, profiles our own agent through a cold start and churn instead of measuring. */
  readonly profile: ProfileKind | undefined;
  readonly out: string;
}

const readAgent = (text: string, before: readonly AgentSpec[] = []): readonly AgentSpec[] => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError("NAME='COMMAND' is wanted");
  return [...before, { name: text.slice(0, at), command: text.slice(at + 1) }];
};

const readGroups = (text: string): readonly RowGroup[] =>
  text.split(',').map((name) => {
    const group = ROW_GROUPS.find((known) => known === name);
    if (group === undefined) throw new InvalidArgumentError(`there are ${ROW_GROUPS.join(', ')}`);
    return group;
  });

/** Reads the command line. Prints help or an error, and then ends the process. */
export const parseOptions = (args: readonly string[], root: string): BenchOptions => {
  const command = new Command('npm run bench --')
    .description(
      'Measures agents on one node of a cluster with a real API server, in a sandbox. Writes JSON, Markdown and SVG.',
    )
    .addOption(
      new Option('--state <SIZE>', 'size of the cluster')
        .choices(Object.keys(SIZES).filter((name) => name !== 'XL'))
        .default('S'),
    )
    .option('--rows <GROUPS>', `comma-separated: ${ROW_GROUPS.join(', ')}`, readGroups, ROW_GROUPS)
    .option('--samples <N>', 'rounds over all agents, one cold start each', positive, 20)
    .option('--cycles <N>', 'samples of each kind of change in a round', positive, 5)
    .option('--long-samples <N>', 'rounds in which churn, idling and the packet path are measured too', positive, 3)
    .option('--seconds <N>', 'length of churn and idling', positive, 60)
    .option(
      '--windows <N>',
      'windows of idling one after the other in a round, and of churn and the packet path',
      positive,
      1,
    )
    .option(
      '--agent <NAME=COMMAND>',
      'another agent; {kubeconfig}, {node} and {cniResults} are filled in; repeatable',
      readAgent,
      [],
    )
    .option('--against <CHECKOUT>', 'measure the agent of another built checkout in turn, and fail where ours is worse')
    .option('--tolerance <PERCENT>', 'how much worse than --against a row may be', positive, 5)
    .option('--no-own', 'leave our own agent out')
    .addOption(
      new Option('--profile <WHAT>', 'writes a profile of a start and of churn instead').choices(['cpu', 'heap']),
    )
    .option('--note <TEXT>', 'stands above the table')
    .option('--out <FOLDER>', 'where results go', `${root}/bench/results`);
  command.parse(args, { from: 'user' });
  const {
    rows,
    agent: agents,
    ...rest
  } = command.opts<
    Omit<BenchOptions, 'groups' | 'agents'> & { rows: readonly RowGroup[]; agent: readonly AgentSpec[] }
  >();
  return { ...rest, groups: rows, agents, note: rest.note, profile: rest.profile, against: rest.against };
};
