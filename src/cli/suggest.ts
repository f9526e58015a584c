import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import { policyManifest } from '../explain/change.ts';
import { messageOf } from '../model/message-of.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { selects } from '../policy/selector.ts';
import { type FlowsDocument, joinFlows, readFlows } from '../suggest/flows-document.ts';
import { suggestPolicies, type Suggestions } from '../suggest/suggest.ts';
import { compareStates, DIFF_FORMATS, type DiffFormat, formatReport } from './diff/compare.ts';
import { loadSource, pathOption, type SourceOptions } from './explain/source.ts';
import { flowsSocket, listedFlows, RECORDS_DIR_HELP } from './flows/records-folder.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { readCluster, workloadsOf } from './matrix/read-cluster.ts';
import { formatOutput } from './output.ts';
import { suggestionsYaml } from './suggest/yaml.ts';
import { tellFaults } from './tell-faults.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';

const FORMATS = ['yaml', ...DIFF_FORMATS.filter((format) => format !== 'yaml')] as const;

/** The options of `suggest`. */
export interface SuggestOptions extends SourceOptions {
  readonly flows?: readonly string[];
  readonly namespace?: readonly string[];
  readonly allNamespaces?: true;
  readonly diff?: true | 'beside' | 'instead';
  readonly recordsDir?: string;
  readonly output?: DiffFormat;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** Reads JSON, or a JSON record a line, as `flows -w -o json` prints. */
const parseRecords = (content: string, name: string): unknown => {
  try {
    return JSON.parse(content);
  } catch (error) {
    const lines = content.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2 || !lines[0]?.trimEnd().endsWith('}')) throw new Error(`${name}: ${messageOf(error)}`);
    return lines.map((line, at) => {
      try {
        return JSON.parse(line) as unknown;
      } catch (failure) {
        throw new Error(`${name}: line ${at + 1}: ${messageOf(failure)}`, { cause: failure });
      }
    });
  }
};

const readFlowsFile = async (file: string): Promise<FlowsDocument> => {
  const name = file === '-' ? 'standard input' : file;
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  return readFlows(parseRecords(content, name), name);
};

/** Reads the files of --flows. @throws UsageError; TypeError that names the file and the field */
export const recordsOfFiles = async ({ flows = [], filename = [] }: SuggestOptions): Promise<FlowsDocument> => {
  if ([...flows, ...filename].filter((file) => file === '-').length > 1) {
    throw new UsageError('standard input can be read once: give only one -');
  }
  return joinFlows(await Promise.all(flows.map(readFlowsFile)));
};

/** The policies of today that select pods of a suggested one. */
const besides = (loaded: LoadedManifests, { policies }: Suggestions): readonly PolicyObject[] => {
  const pods = [...loaded.snapshot.pods.values()];
  const covered = policies.flatMap(({ policy }) => {
    const { podSelector, namespace } = parsePolicy(policy);
    return pods.filter((pod) => pod.namespace === namespace && selects(podSelector, pod.labels));
  });
  return [...loaded.snapshot.policies.values()].filter((policy) => {
    const { podSelector, namespace } = parsePolicy(policy);
    return covered.some((pod) => pod.namespace === namespace && selects(podSelector, pod.labels));
  });
};

const withSuggested = (
  loaded: LoadedManifests,
  { policies }: Suggestions,
  replaced: readonly PolicyObject[],
): LoadedManifests => {
  const kept = new Map(loaded.snapshot.policies);
  for (const { key } of replaced) kept.delete(key);
  for (const { policy } of policies) kept.set(policy.key, policy);
  return { ...loaded, snapshot: { ...loaded.snapshot, policies: kept } };
};

const printDiff = (loaded: LoadedManifests, suggestions: Suggestions, options: SuggestOptions, io: CliIo): void => {
  const today = besides(loaded, suggestions);
  const isInstead = options.diff === 'instead';
  if (today.length > 0 && !isInstead) {
    const names = today.map(({ key }) => key).join(', ');
    io.err(`note: policies add up: ${names} go on to allow what they allow; --diff=instead compares without them\n`);
  }
  const before = readCluster(loaded);
  tellFaults(before.policy.faults, loaded, io);
  const after = readCluster(withSuggested(loaded, suggestions, isInstead ? today : []), before);
  const workloadOf = workloadsOf(loaded);
  const report = compareStates({ cluster: before, workloadOf }, { cluster: after, workloadOf }, io);
  io.out(formatReport(report, options.output ?? 'table'));
};

const print = (suggestions: Suggestions, output: DiffFormat, io: CliIo): void => {
  if (output === 'yaml') io.out(suggestionsYaml(suggestions));
  else if (output === 'json') {
    const policies = suggestions.policies.map(({ policy, ...others }) => ({
      ...others,
      manifest: policyManifest(policy),
    }));
    io.out(formatOutput('json', { ...suggestions, policies }, () => ''));
  } else throw new UsageError(`-o ${output} needs --diff: policies are printed as yaml or json`);
};

const recordsOf = async (options: SuggestOptions, io: CliIo): Promise<FlowsDocument> => {
  if (options.flows === undefined) {
    return readFlows(await listedFlows(flowsSocket(options.recordsDir, io), {}), 'the agent');
  }
  if (options.recordsDir !== undefined) throw new UsageError('--flows and --records-dir exclude each other');
  return recordsOfFiles(options);
};

/** Adds the options of `suggest`, but for those that say where records come from if no file has them. */
export const declareSuggest = (command: Command): Command =>
  command
    .option('--flows <file>', 'what `portcullis flows -o json` printed, or -; may be given again', collect)
    .addOption(pathOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .option('-n, --namespace <name>', 'only policies of this namespace; may be given again', collect)
    .option('-A, --all-namespaces', 'policies of all namespaces but those of the system, which is the default')
    .addOption(
      new Option(
        '--diff [how]',
        "print what the policies open and close, beside today's policies or instead of those of the same pods",
      ).choices(['beside', 'instead']),
    )
    .addOption(new Option('-o, --output <format>', 'yaml, or with --diff table, is the default').choices(FORMATS));

/** Suggests policies from these records, and prints them or what they open and close. */
export const runSuggest = async (options: SuggestOptions, records: FlowsDocument, io: CliIo): Promise<ExitCode> => {
  const { namespace, allNamespaces, diff, output = 'yaml' } = options;
  if (namespace !== undefined && allNamespaces === true) throw new UsageError('-n and -A exclude each other');
  const loaded = await loadSource(options, io, { workloads: true });
  for (const name of namespace ?? []) {
    if (!loaded.snapshot.namespaces.has(name)) throw new UsageError(`-n ${name}: the input has no such namespace`);
  }
  const suggestions = suggestPolicies(loaded.snapshot, records, {
    workloadOf: workloadsOf(loaded),
    ...(namespace === undefined ? {} : { namespaces: namespace }),
    ...(options.flows === undefined ? { until: Date.now() } : {}),
  });
  if (suggestions.policies.length === 0) io.err('nothing was seen of these workloads: no policy is suggested\n');
  if (diff === undefined) print(suggestions, output, io);
  else printDiff(loaded, suggestions, options, io);
  return loaded.problems.length > 0 ? 1 : 0;
};

export const suggestVerb: Verb = {
  declare(command) {
    declareSuggest(command)
      .option('--records-dir <dir>', RECORDS_DIR_HELP)
      .addHelpText(
        'after',
        `
Makes policies of recorded traffic: for each workload one that allows what was
seen, DNS, and nothing else. Each rule has its evidence as a comment. The
comment at the top says how long was watched, of which workloads nothing was
seen, what came late, and what deserves a second look. Nothing is applied.

Without --flows it asks the agent of this node, in whose pod it runs: that is
the traffic of one node. Give --flows once for each node, or use
"kubectl portcullis suggest", which asks all of them. Pods, namespaces and
policies come from -f, or from the cluster as with explain.

Ports of clients and replies become no rules. Workloads are named by labels that
all their pods have and that the next release has too.

Examples:
  kubectl portcullis suggest -n shop > suggested.yaml
  portcullis suggest --flows n1.json --flows n2.json -f cluster.yaml
  portcullis suggest --flows n1.json -f cluster.yaml --diff=instead`,
      );
  },
  async run(command, io) {
    const options = command.opts<SuggestOptions>();
    return runSuggest(options, await recordsOf(options, io), io);
  },
};
