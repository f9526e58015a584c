import { Option } from 'commander';
import { asObject } from '../cluster/raw.ts';
import { createExplainer, type Explainer } from '../explain/explainer.ts';
import type { Suggestion } from '../explain/suggest.ts';
import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { policyKey } from '../model/policy-object.ts';
import { familyOf } from '../policy/cidr.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { describePod } from '../trace/describe.ts';
import { type Answer, answer } from './explain/answer.ts';
import { openCounters, type SideCounters } from './explain/counters.ts';
import { loadSource, pathOption, type SourceOptions } from './explain/source.ts';
import { misdirected, portOf, readDestination } from './explain/target.ts';
import { describeAnswers, manifestsText } from './explain/text.ts';
import { hostNetworkWhy, whyUndecided } from './explain/undecidable.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { placePods } from './matrix/place-pods.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { createResolver, type Endpoint } from './resolve/resolve.ts';
import { destinationsOf, sourcesOf } from './resolve/sockets.ts';
import { readTargetText, type TargetText } from './resolve/target-text.ts';
import { tellFaults } from './tell-faults.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from './verb.ts';
import { workloadsOf } from './matrix/read-cluster.ts';
import type { WorkloadOf } from '../explain/reading.ts';

interface ExplainOptions extends OutputOptions, SourceOptions {
  readonly namespace?: string;
  readonly expect?: 'allowed' | 'denied';
  readonly change?: boolean;
  readonly counters?: boolean;
}

/** Pairs of a suggestion that are printed as data: very many of them say no more. */
const MOST_PAIRS = 100;

const withCounts = ({ opens, closes, ...others }: Suggestion): object => ({
  ...others,
  opens: { count: opens.length, pairs: opens.slice(0, MOST_PAIRS) },
  closes: { count: closes.length, pairs: closes.slice(0, MOST_PAIRS) },
});

/** Annotations that kubectl keeps for itself: nobody wrote them. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Puts the labels and annotations of a policy that is there already into its manifest, so that applying it takes none off. */
const withMetadata =
  ({ policyOrigins }: LoadedManifests) =>
  (manifest: object): object => {
    const { kind, metadata } = manifest as {
      readonly kind: string;
      readonly metadata: { name: string; namespace: string };
    };
    const origin =
      kind === 'NetworkPolicy' ? policyOrigins.get(policyKey(metadata.namespace, metadata.name)) : undefined;
    if (origin === undefined) return manifest;
    const { labels, annotations } = asObject(origin.raw['metadata']);
    const kept = Object.fromEntries(Object.entries(asObject(annotations)).filter(([key]) => key !== LAST_APPLIED));
    return {
      ...manifest,
      metadata: {
        ...metadata,
        ...(labels === undefined ? {} : { labels }),
        ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
      },
    };
  };

const complete = (each: Answer, loaded: LoadedManifests): Answer => ({
  ...each,
  suggestions: each.suggestions.map((suggestion) => ({
    ...suggestion,
    manifests: suggestion.manifests.map(withMetadata(loaded)),
  })),
});

const toDocument = (answers: readonly Answer[]): object => ({
  explanations: answers.map(({ suggestions, ...each }) => ({ ...each, suggestions: suggestions.map(withCounts) })),
});

/** The name of a pod's workload, or its own. */
const workloadNames = (loaded: LoadedManifests): WorkloadOf => {
  const workloadOf = workloadsOf(loaded);
  return (pod) => `${pod.namespace}/${workloadOf(pod).name}`;
};

/** Prints the invalid policies: they deny everything to the pods that they select. */
const tellUnreadable = (loaded: LoadedManifests, io: CliIo): boolean => {
  const faults = [...loaded.snapshot.policies.values()].flatMap((policy) => parsePolicy(policy).faults);
  tellFaults(faults, loaded, io);
  return faults.length > 0;
};

const questionOf = ({ from, to, protocol, port }: Answer) => ({
  source: from.address,
  destination: to.address,
  protocol,
  port,
});

const withCounters = async (explainer: Explainer, answers: readonly Answer[]): Promise<readonly Answer[]> => {
  const reader = openCounters();
  try {
    const counted: Answer[] = [];
    for (const each of answers) {
      const counters: SideCounters[] = [];
      for (const isolation of explainer.isolations(questionOf(each))) {
        counters.push(await reader.read(isolation, familyOf(each.from.address)));
      }
      counted.push({ ...each, counters });
    }
    return counted;
  } finally {
    await reader.close();
  }
};

interface Cluster {
  readonly loaded: LoadedManifests;
  readonly pods: readonly PodEndpoint[];
}

/** The end that a target names; a reason if that is a pod about which policies say nothing. */
const find = (
  { loaded, pods }: Cluster,
  target: TargetText,
  home: string | undefined,
): { readonly endpoint: Endpoint; readonly notes: readonly string[] } | { readonly why: string } => {
  const onHosts = [...loaded.snapshot.pods.values()].filter(({ hostNetwork }) => hostNetwork);
  try {
    return createResolver(loaded, pods).resolve(target, home);
  } catch (error) {
    if (!(error instanceof UsageError) || onHosts.length === 0) throw error;
    const found = namedAmong(loaded, onHosts, target, home);
    if (found === undefined) throw error;
    return { why: hostNetworkWhy(found) };
  }
};

const namedAmong = (
  loaded: LoadedManifests,
  pods: readonly PodEndpoint[],
  target: TargetText,
  home: string | undefined,
): PodEndpoint | undefined => {
  try {
    const { endpoint } = createResolver({ ...loaded, services: [] }, pods).resolve(target, home);
    return endpoint.kind === 'pods' ? endpoint.pods[0] : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
};

const namespaceOf = (endpoint: Endpoint): string | undefined =>
  'pods' in endpoint ? endpoint.pods[0]?.namespace : undefined;

export const explainVerb: Verb = {
  declare(command) {
    command
      .argument('<from>', 'the end that opens the connection')
      .argument('<to>', 'the end that it goes to: TO[:PORT[/PROTOCOL]]')
      .addOption(pathOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('-n, --namespace <name>', 'the namespace of names without one')
      .addOption(new Option('--expect <verdict>', 'exit with 1 unless it is so').choices(['allowed', 'denied']))
      .option('--change', 'print only the smallest change that allows it, as YAML')
      .option('--counters', "with what this node's kernel counted for the rules; as root")
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Says whether policies allow a connection, and why: the policies that isolate
each end, their rules in order with the part of each that fails, and the nearest
rule. For a refusal it finds the smallest changes that allow it: each was tried,
and what else it would open was counted over the whole cluster. Nothing is
changed.

Without -f it reads the cluster that the pod runs in, or that a kubeconfig
names. Needed are the rights to list pods, namespaces and
networkpolicies; with services, endpointslices and nodes it knows more.

An end is a pod, a workload, a Service, a URL or an address:
  shop/web-7d4b9  shop/web  deploy/web  svc/shop/web  web.shop.svc
  http://web.shop:8080/  10.96.0.20:80  192.0.2.7:30080  [fd00::7]:53/UDP
Without a port it is the only one that the Service or the pods have.

What cannot be decided (a pod without an address, one on the host network, an
address in the pod range that no pod has) is said, with the reason, and ends
with exit code 1.

Examples:
  kubectl -n kube-system exec ds/portcullis -- \\
    portcullis explain shop/web shop/db:5432
  portcullis explain shop/web svc/shop/db -f manifests/
  portcullis explain 203.0.113.7 shop/web:443 -f manifests/ --expect denied
  portcullis explain shop/web shop/db:5432 -f manifests/ --change |
    kubectl diff -f -`,
      );
  },
  async run(command, io): Promise<ExitCode> {
    const options = command.opts<ExplainOptions>();
    const { namespace, output, expect, change = false, counters = false } = options;
    const [fromText = '', toText = ''] = command.args;
    const [fromTarget, toTarget] = [readTargetText(fromText), readDestination(toText)];
    const loaded = await loadSource(options, io);
    const { snapshot, pods } = placePods(loaded.snapshot);
    const note = (text: string): void => {
      io.err(`note: ${text}\n`);
    };
    const hasFaults = tellUnreadable(loaded, io);
    const undecided = (why: string): ExitCode => {
      const document = { verdict: 'undecided', from: fromText, to: toText, why };
      io.out(formatOutput(output, document, () => `${fromText} → ${toText}: undecided\n  ${why}`));
      if (expect !== undefined) io.err(`expected ${expect}: ${fromText} → ${toText} is undecided\n`);
      return 1;
    };

    const cluster = { loaded, pods };
    const from = find(cluster, fromTarget, namespace);
    if ('why' in from) return undecided(from.why);
    const to = find(cluster, toTarget, namespace ?? namespaceOf(from.endpoint));
    if ('why' in to) return undecided(to.why);
    to.notes.forEach(note);
    for (const { endpoint } of [from, to]) {
      const why = whyUndecided(loaded, pods, endpoint);
      if (why !== undefined) return undecided(why);
    }
    const target = portOf(toTarget, to.endpoint);
    const hint = misdirected(loaded, toTarget, to.endpoint, target);
    if (hint !== undefined) note(hint);
    const podAt = (ip: string): PodEndpoint | undefined => pods.find(({ ips }) => ips.includes(ip));
    const nameOf = (ip: string): string => {
      const pod = podAt(ip);
      return pod === undefined ? ip : describePod(pod);
    };
    const ends = {
      sources: sourcesOf(from.endpoint, 'FROM'),
      destinations: destinationsOf(to.endpoint, 'TO', target, nameOf),
    };
    const workloadOf = workloadNames(loaded);
    const explainer = createExplainer(snapshot, workloadOf);
    const told = answer(explainer, ends, target, { podAt, workloadOf }).map((each) => complete(each, loaded));
    const answers = counters ? await withCounters(explainer, told) : told;
    if (answers.length === 0) {
      return undecided('the two ends have no address in a common family, or none serves the port');
    }
    if ([...ends.sources, ...ends.destinations].some(({ ip }) => isMadeUp(loaded, podAt(ip)))) {
      note('pods without an address are judged with a placeholder address');
    }
    if (change) {
      const [first] = answers.flatMap(({ suggestions }) => suggestions.slice(0, 1));
      if (first !== undefined) io.out(`${manifestsText(first)}\n`);
    } else {
      io.out(formatOutput(output, toDocument(answers), () => describeAnswers(answers)));
    }
    const wrong = answers.filter(({ verdict }) => expect !== undefined && verdict !== expect);
    for (const each of wrong) {
      io.err(`expected ${expect ?? ''}: ${each.from.name} → ${each.to.name} ${each.protocol} ${each.port} is not\n`);
    }
    return wrong.length > 0 || hasFaults || loaded.problems.length > 0 ? 1 : 0;
  },
};

const isMadeUp = ({ snapshot }: LoadedManifests, pod: PodEndpoint | undefined): boolean =>
  pod !== undefined && snapshot.pods.get(pod.uid)?.ips.length === 0;
