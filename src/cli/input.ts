import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import { loadManifests } from '../cluster/manifest/load-manifests.ts';
import { otherPoliciesIn } from '../cluster/manifest/other-policies.ts';
import { formatProblem } from '../cluster/manifest/place.ts';
import { nameOfKind } from '../model/other-policies.ts';
import { type CliIo, UsageError } from './verb.ts';

/** What `filenameOption` leaves in the options of a verb. */
export interface InputOptions {
  readonly filename?: readonly string[];
}

/** `-f PATH…`, the same for all verbs that read manifests. */
export const filenameOption = (): Option =>
  new Option('-f, --filename <path...>', 'manifests: files, folders with all below them, or - for standard input');

/**
 * Loads the manifests that a verb was given with -f or as arguments. What cannot be read is among the problems; the rest
 * counts.
 * @throws UsageError if there are none
 */
export const readInput = async (command: Command): Promise<LoadedManifests> => {
  const paths = [...(command.opts<InputOptions>().filename ?? []), ...command.args];
  if (paths.length === 0) throw new UsageError('no manifests: give files or folders with -f, or - for standard input');
  return loadManifests(paths, paths.includes('-') ? { stdin: await text(process.stdin) } : {});
};

/** As readInput, and tells on standard error what could not be read, and what is not enforced. */
export const loadInput = async (command: Command, io: CliIo): Promise<LoadedManifests> => {
  const loaded = await readInput(command);
  for (const problem of loaded.problems) io.err(`${formatProblem(problem)}\n`);
  for (const { count, ...kind } of otherPoliciesIn(loaded.ignored)) {
    io.err(
      `note: ${count} of the kind ${nameOfKind(kind)} ${count === 1 ? 'is' : 'are'} neither counted nor enforced\n`,
    );
  }
  return loaded;
};
