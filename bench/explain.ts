import { Command, InvalidArgumentError } from 'commander';
import { createExplainer } from '../src/explain/explainer.ts';
import type { PodEndpoint } from '../src/model/pod.ts';
import { createRandom } from '../chaos/random.ts';
import { positive } from '../scripts/positive.ts';
import { createWorld } from './compile/world.ts';
import { quantile } from './report/statistics.ts';
import { SIZES, type SizeName } from './state/size.ts';

/** `npm run bench:explain`: see its --help. */

const readSize = (text: string): SizeName => {
  const size = (Object.keys(SIZES) as readonly SizeName[]).find((known) => known === text);
  if (size === undefined) throw new InvalidArgumentError(`there are ${Object.keys(SIZES).join(', ')}`);
  return size;
};

/** Maximum processor time for one refusal, in ms, compiling included. */
const GOAL_MS = 200;

const command = new Command('npm run bench:explain --')
  .description('Measures what explaining a refusal costs, suggestions included, from a cluster that is read already.')
  .option('--state <SIZE>', 'size of the cluster', readSize, 'M')
  .option('--refusals <N>', 'how many are explained', positive, 100)
  .option('--seed <N>', 'which', positive, 1)
  .parse();
const { state, refusals, seed } = command.opts<{ state: SizeName; refusals: number; seed: number }>();

const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const { pods: podMap, namespaces, policies: policyMap } = createWorld(SIZES[state]);
/** With the label that an API server sets on each namespace. */
const world = {
  pods: podMap,
  policies: policyMap,
  namespaces: new Map(
    [...namespaces].map(([name, entry]) => [
      name,
      { name, labels: new Map([...entry.labels, ['kubernetes.io/metadata.name', name] as const]) },
    ]),
  ),
};
const pods = [...world.pods.values()];
const random = createRandom(seed);
const workloadOf = ({ namespace, labels }: PodEndpoint): string =>
  `${namespace}/${labels.get('pod-template-hash') ?? ''}`;

const samples: number[] = [];
const opened: number[] = [];
let unsolved = 0;
while (samples.length < refusals) {
  const [from, to] = [random.pick(pods), random.pick(pods)];
  const port = random.pick([443, 5432, 8080, 9090, 12_345]);
  const [source, destination] = [from.ips[0] ?? '', to.ips[0] ?? ''];
  const startedAt = processorMs();
  // Nothing is left over from one question to the next, as where a command line asks one.
  const question = { source, destination, protocol: 'TCP', port } as const;
  const explainer = createExplainer(world, workloadOf);
  const { verdict } = explainer.explain(question);
  const suggestions = explainer.suggest(question);
  const took = processorMs() - startedAt;
  if (verdict === 'allowed') continue;
  samples.push(took);
  if (suggestions[0] === undefined) unsolved += 1;
  else opened.push(suggestions[0].opens.length);
}

const { policies, pods: podCount } = SIZES[state];
const round = (value: number): string => value.toFixed(0);
console.log(
  [
    `${refusals} refusals explained in state ${state}: ${podCount} pods, ${policies} policies`,
    `the first, in a process that just started: ${round(samples[0] ?? 0)} ms of processor time`,
    `median ${round(quantile(samples, 0.5))} ms, p99 ${round(quantile(samples, 0.99))} ms (goal: at most ${GOAL_MS} ms at 1,000 policies)`,
    `pairs that the first suggestion opens: median ${round(quantile(opened, 0.5))}, most ${Math.max(...opened)}; without any suggestion: ${unsolved}`,
  ].join('\n'),
);
if (state === 'M' && quantile(samples, 0.99) > GOAL_MS) process.exitCode = 1;
