import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { down } from '../cluster/down.ts';
import { findClusterPrograms } from '../cluster/programs.ts';
import { type ClusterFolder, clusterFolder } from '../cluster/folder.ts';
import { findAgentImages } from './images.ts';
import { withinLimit } from './limit.ts';
import { isGood, type Outcome, outcomeTable } from './outcome.ts';
import { runOn, type Selection, WHOLE_SUITE } from './run-on.ts';
import { runVariant } from './run-variant.ts';
import { type Variant, VARIANTS, variantNamed } from './variants.ts';

/** The folder of a cluster of its own, apart from one that a person uses (`npm run cluster`). */
const DEFAULT_FOLDER = '/var/lib/portcullis-e2e';

/** Runs for about a minute: one story with allowed and denied connections, and three of the suite's specs. */
const SMOKE = {
  specs: { files: 'stories', names: '02-zero-trust' },
  suite:
    'between server and client should (support a .default-deny-ingress. policy|support allow-all policy|' +
    'enforce policy based on PodSelector with MatchExpressions)',
};

interface Options {
  readonly variant: readonly string[];
  readonly specs?: string;
  readonly names?: string;
  readonly suite: boolean;
  readonly focus: string;
  readonly procs: string;
  readonly smoke: boolean;
}

const say = (line: string): void => {
  console.error(line);
};

const select = ({ specs, names, suite, focus, procs, smoke }: Options): Selection => ({
  specs: smoke
    ? SMOKE.specs
    : { ...(specs === undefined ? {} : { files: specs }), ...(names === undefined ? {} : { names }) },
  ...(suite ? { suite: smoke ? SMOKE.suite : focus } : {}),
  procs: Number(procs),
  suiteLog: path.join(tmpdir(), 'portcullis-suite.log'),
});

const selectVariants = ({ variant, smoke }: Options): readonly Variant[] => {
  if (variant.length > 0) return variant.map(variantNamed);
  return smoke ? VARIANTS.slice(0, 1) : VARIANTS;
};

const ownFolder = (): ClusterFolder =>
  clusterFolder({ PORTCULLIS_CLUSTER_DIR: process.env['PORTCULLIS_CLUSTER_DIR'] || DEFAULT_FOLDER });

/** Maximum time of everything, including builds of the first run. */
const LIMIT_MS = 4 * 60 * 60_000;
const SMOKE_LIMIT_MS = 25 * 60_000;

/** Ends a cluster of ours that could not be ended in the ordinary way; tries twice, since that may still be under way. */
const abandon = async (): Promise<void> => {
  await down(ownFolder(), say).catch(() => down(ownFolder(), say));
};

const runOwn = async (options: Options, onCluster: (isOurs: boolean) => void): Promise<readonly Outcome[]> => {
  const images = await findAgentImages(say);
  const selection = select(options);
  const outcomes: Outcome[] = [];
  for (const variant of selectVariants(options)) {
    const { suite, ...withoutSuite } = selection;
    const its = variant.suite && suite !== undefined ? selection : withoutSuite;
    onCluster(true);
    outcomes.push(await runVariant(ownFolder(), variant, images, its, say));
    onCluster(false);
  }
  return outcomes;
};

const runGiven = async (kubeconfig: string, options: Options): Promise<readonly Outcome[]> => {
  const startedAt = performance.now();
  const kubectl = (await findClusterPrograms(say)).path('kubectl');
  const ran = await runOn({ kubectl, kubeconfig }, select(options), say);
  return [{ variant: path.basename(kubeconfig), ...ran, minutes: (performance.now() - startedAt) / 60_000 }];
};

const run = async (options: Options): Promise<void> => {
  const given = process.env['KUBECONFIG'] || undefined;
  let clusterIsOurs = false;
  const work = (): Promise<readonly Outcome[]> =>
    given === undefined
      ? runOwn(options, (isOurs) => {
          clusterIsOurs = isOurs;
        })
      : runGiven(given, options);
  const abandonOwn = (): Promise<void> => (clusterIsOurs ? abandon() : Promise.resolve());
  const outcomes = await withinLimit(options.smoke ? SMOKE_LIMIT_MS : LIMIT_MS, work, abandonOwn);
  console.log(outcomeTable(outcomes));
  const good = outcomes.filter(isGood).length;
  console.log(`e2e: ${good === outcomes.length ? 'ok' : 'FAILED'}: ${good} of ${outcomes.length} clusters`);
  if (good < outcomes.length) process.exitCode = 1;
};

/** Returns the command line of `npm run e2e --`. */
export const e2eCommand = (): Command =>
  new Command('e2e')
    .description(
      'Runs our specs and the NetworkPolicy specs of Kubernetes on the cluster that KUBECONFIG names, whose nodes have the ' +
        'image, or else on clusters of our own (as root): see npm run cluster -- --help.',
    )
    .option('--variant <name...>', `which clusters of our own: ${VARIANTS.map(({ name }) => name).join(', ')}`, [])
    .option('--specs <regexp>', 'only our specs in files of such names')
    .option('--names <regexp>', 'only our specs of such names')
    .option('--no-suite', "without Kubernetes' own suite")
    .option('--focus <regexp>', "which specs of Kubernetes' suite", WHOLE_SUITE)
    .option('--procs <number>', 'number of those that run at the same time', '2')
    .option('--smoke', 'a few of everything, on one cluster', false)
    .showHelpAfterError()
    .action(run);
