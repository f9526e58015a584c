import { Command, InvalidArgumentError } from 'commander';
import { positive } from '../../scripts/positive.ts';

export interface ScaleOptions {
  /** Numbers of nodes to measure at, the smallest first. */
  readonly nodes: readonly number[];
  /** Times that every node renews its Lease at each number of nodes. */
  readonly rounds: number;
  readonly out: string;
}

const numbers = (text: string): readonly number[] => {
  const values = text.split(',').map(Number);
  const isRising = values.every((value, at) => Number.isInteger(value) && value > (values[at - 1] ?? 0));
  if (!isRising) throw new InvalidArgumentError('whole numbers are wanted, the smallest first');
  return values;
};

/** Reads the command line. Prints help or an error, and then ends the process. */
export const parseScaleOptions = (args: readonly string[], root: string): ScaleOptions =>
  new Command('npm run bench:scale --')
    .description('Measures what the Leases of many simulated nodes cost a real API server, and the controller.')
    .option('--nodes <LIST>', 'numbers of nodes', numbers, [500, 1000, 2500, 5000])
    .option('--rounds <N>', 'renewals of every Lease at each number', positive, 5)
    .option('--out <FOLDER>', 'where results go', `${root}/bench/results/scale`)
    .parse([...args], { from: 'user' })
    .opts<ScaleOptions>();
