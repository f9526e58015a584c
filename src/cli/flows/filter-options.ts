import type { Command } from 'commander';
import { readDuration } from '../../config/duration.ts';
import type { FlowFilter } from '../../records/filter.ts';
import { UsageError } from '../verb.ts';

/** The options that choose flows. */
export interface FilterOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly denied?: true;
  readonly allowed?: true;
  readonly pod?: string;
  readonly policy?: string;
  readonly since?: string;
}

/** Adds the options that choose flows. */
export const declareFilter = (command: Command): Command =>
  command
    .option('-n, --namespace <name>', 'only flows with an end in this namespace')
    .option('-A, --all-namespaces', 'flows of all namespaces, which is the default')
    .option('--denied', 'only what was refused')
    .option('--allowed', 'only what was allowed')
    .option('--pod <name>', 'only flows of this pod, or of the pods of this workload: NAME or NAMESPACE/NAME')
    .option('--policy <name>', 'only flows that this policy decided: NAME or NAMESPACE/NAME')
    .option('--since <time>', 'only flows since then: a duration such as 10m, or an ISO 8601 time');

const sinceOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const ago = readDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(at)) throw new UsageError(`--since ${text}: neither a duration such as 10m nor an ISO 8601 time`);
  return at;
};

/** @throws UsageError where the options exclude each other, or a time is none */
export const filterOf = (options: FilterOptions): FlowFilter => {
  const { namespace, allNamespaces, denied, allowed, pod, policy } = options;
  if (namespace !== undefined && allNamespaces === true) throw new UsageError('-n and -A exclude each other');
  const since = sinceOf(options.since);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(denied === allowed ? {} : { verdict: denied === true ? 'denied' : 'allowed' }),
    ...(pod === undefined ? {} : { pod }),
    ...(policy === undefined ? {} : { policy }),
    ...(since === undefined ? {} : { since }),
  };
};

/** Returns the options that choose the same flows, for the command line of an agent; times are absolute. */
export const flagsOf = ({ namespace, verdict, pod, policy, since }: FlowFilter): readonly string[] => [
  ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ...(verdict === undefined ? [] : [`--${verdict}`]),
  ...(pod === undefined ? [] : [`--pod=${pod}`]),
  ...(policy === undefined ? [] : [`--policy=${policy}`]),
  ...(since === undefined ? [] : [`--since=${new Date(since).toISOString()}`]),
];
