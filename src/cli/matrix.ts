import { Option } from 'commander';
import type { PodEndpoint } from '../model/pod.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import { describePod } from '../trace/describe.ts';
import { createEvaluator } from '../trace/evaluator.ts';
import { filenameOption, loadInput } from './input.ts';
import type { Connection } from './matrix/connection.ts';
import { type ConnectionFinder, createConnectionFinder } from './matrix/connections.ts';
import { describeExplanations, type Explanation, explainPackets } from './matrix/explain-packets.ts';
import { placePods } from './matrix/place-pods.ts';
import { describeConnections } from './matrix/text.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { servicePortOf } from './resolve/backends.ts';
import { createResolver, type Endpoint, OUTSIDE } from './resolve/resolve.ts';
import { parseProtocolPort, type ProtocolPort, readTargetText, type TargetText } from './resolve/target-text.ts';
import { tellFaults } from './tell-faults.ts';
import { UsageError, type Verb } from './verb.ts';

interface MatrixOptions extends OutputOptions {
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly expect?: Expectation;
}

const EXPECTATIONS = { allowed: 'allow', denied: 'deny' } as const;

type Expectation = keyof typeof EXPECTATIONS;

const includes = (endpoint: Endpoint | undefined, pod: PodEndpoint): boolean =>
  endpoint === undefined || ('pods' in endpoint && endpoint.pods.includes(pod));

const includesOutside = (endpoint: Endpoint | undefined): boolean =>
  endpoint === undefined || endpoint.kind === 'outside';

const connectionsOf = (
  finder: ConnectionFinder,
  pods: readonly PodEndpoint[],
  from: Endpoint | undefined,
  to: Endpoint | undefined,
): readonly Connection[] => {
  const sources = pods.filter((pod) => includes(from, pod));
  const targets = pods.filter((pod) => includes(to, pod));
  return [
    ...(includesOutside(from) ? targets.flatMap((pod) => finder.withOutside('ingress', pod)) : []),
    ...sources.flatMap((source) => [
      ...(includesOutside(to) ? finder.withOutside('egress', source) : []),
      ...targets.filter((target) => target !== source).flatMap((target) => finder.between(source, target)),
    ]),
  ];
};

/** Rows and columns: pods and the outside, as far as a connection concerns them. */
const endpointsOf = (pods: readonly PodEndpoint[], connections: readonly Connection[]): readonly string[] => {
  const concerned = new Set(connections.flatMap(({ from, to }) => [from, to]));
  return [OUTSIDE, ...pods.map(describePod)].filter((name) => concerned.has(name));
};

/** The packet to follow: that of `--port`, or of the target's own port; undefined where nothing names one. */
const packetOf = (port: string | undefined, to: TargetText | undefined): ProtocolPort | undefined => {
  if (port !== undefined) return parseProtocolPort(port);
  return to?.port === undefined ? undefined : { protocol: to.protocol, port: to.port };
};

/** Says which packets fare otherwise than expected. */
const surprises = (explanations: readonly Explanation[], expectation: Expectation): readonly string[] =>
  explanations
    .filter(({ verdict }) => verdict !== EXPECTATIONS[expectation])
    .map(({ from, to, target }) => `expected ${expectation}: ${from} → ${to} ${target} is not`);

const namespaceOf = (endpoint: Endpoint | undefined): string | undefined =>
  endpoint !== undefined && 'pods' in endpoint ? endpoint.pods[0]?.namespace : undefined;

export const matrixVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .option('-n, --namespace <name>', 'only connections with an end in this namespace; the namespace of bare names')
      .option('--from <endpoint>', 'only connections from this endpoint')
      .option('--to <endpoint>', 'only connections to this endpoint')
      .option('--port <protocol/port>', 'with --from and --to: follow this packet and explain why it passes or not')
      .addOption(
        new Option('--expect <verdict>', 'with --from, --to and a port: exit with 1 unless it is so').choices(
          Object.keys(EXPECTATIONS),
        ),
      )
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Prints which pod may open connections to which, on which ports, and which policy
says so. Nothing is changed: policies, pods (or the workloads that make them),
namespaces and Services come from manifests. Pods without addresses get
placeholder addresses.

An endpoint is one of:
  shop/web-7d4b9, shop/web   a pod; all pods of a workload, or behind a Service
  deploy/web, svc/shop/web   the same by kind, with -n or a namespace
  http://web.shop:8080/      a URL; web.shop.svc.cluster.local: a Service
  10.96.0.20, 192.0.2.7:30080  a ClusterIP, a node port, any other address
  outside                    everything that is no pod and no node
Policies see packets after a Service has chosen a pod, so a Service stands for
the pods and ports behind it.

Examples:
  kubectl get pods,namespaces,networkpolicies,services,endpointslices -A -o yaml |
    portcullis matrix -f -
  portcullis matrix -f manifests/ -n shop
  portcullis matrix -f manifests/ --from shop/web --to shop/db --port TCP/3306
  portcullis matrix -f manifests/ --from shop/web --to http://api.store-back
  portcullis matrix -f manifests/ --from 203.0.113.7 --to shop/web --port 443 \\
    --expect denied`,
      );
  },
  async run(command, io) {
    const options = command.opts<MatrixOptions>();
    const { namespace, output, expect } = options;
    const [fromText, toText] = [options.from, options.to].map((text) =>
      text === undefined ? undefined : readTargetText(text),
    );
    const packet = packetOf(options.port, toText);
    const loaded = await loadInput(command, io);
    const { snapshot, pods, madeUp, families } = placePods(loaded.snapshot);
    const note = (text: string): void => {
      io.err(`note: ${text}\n`);
    };
    if (madeUp > 0) note(`${madeUp} of ${pods.length} pods have no address yet; using placeholder addresses`);
    const policy = compileNodePolicy(snapshot, undefined);
    tellFaults(policy.faults, loaded, io);
    const evaluator = createEvaluator(policy, snapshot.pods.values());
    const code = policy.faults.length > 0 || loaded.problems.length > 0 ? 1 : 0;
    const resolver = createResolver(loaded, pods);
    const find = (target: TargetText | undefined, home: string | undefined): Endpoint | undefined => {
      if (target === undefined) return undefined;
      const { endpoint, notes } = resolver.resolve(target, home);
      // That a client is outside of the cluster is nothing to wonder at.
      if (target === toText) notes.forEach(note);
      return endpoint;
    };
    const from = find(fromText, namespace);
    const to = find(toText, namespace ?? namespaceOf(from));

    if (packet !== undefined || expect !== undefined) {
      const target = packet ?? (to?.kind === 'service' ? to.backends.onlyPort : undefined);
      if (from === undefined || to === undefined) {
        throw new UsageError(`${expect === undefined ? '--port' : '--expect'} needs --from and --to`);
      }
      if (target === undefined) throw new UsageError('--expect needs a port: --port TCP/80, or a URL as --to');
      const misdirected = to.kind === 'pods' ? servicePortOf(loaded.services, to.pods, target) : undefined;
      if (misdirected !== undefined) note(misdirected);
      const nameOf = (ip: string): string => {
        const pod = pods.find(({ ips }) => ips.includes(ip));
        return pod === undefined ? ip : describePod(pod);
      };
      const explanations = explainPackets(evaluator, { from, to }, target, nameOf);
      io.out(formatOutput(output, { explanations }, () => describeExplanations(explanations)));
      const wrong = expect === undefined ? [] : surprises(explanations, expect);
      for (const line of wrong) io.err(`${line}\n`);
      return wrong.length > 0 ? 1 : code;
    }
    if (from?.kind === 'address' || to?.kind === 'address') {
      throw new UsageError('an address needs --from, --to and --port');
    }
    const finder = createConnectionFinder(evaluator, policy, pods, families);
    const concerns = ({ from: source, to: destination }: Connection): boolean =>
      namespace === undefined || [source, destination].some((end) => end.startsWith(`${namespace}/`));
    const connections = connectionsOf(finder, pods, from, to).filter(concerns);
    const endpoints = endpointsOf(pods, connections);
    io.out(formatOutput(output, { endpoints, connections }, () => describeConnections(endpoints, connections)));
    return code;
  },
};
