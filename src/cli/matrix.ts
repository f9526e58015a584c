import type { PodEndpoint } from '../model/pod.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import { describePod } from '../trace/describe.ts';
import { createEvaluator } from '../trace/evaluator.ts';
import { filenameOption, loadInput } from './input.ts';
import { type Connection, OUTSIDE } from './matrix/connection.ts';
import { type ConnectionFinder, createConnectionFinder } from './matrix/connections.ts';
import { type Endpoint, findEndpoint } from './matrix/endpoint.ts';
import { describeExplanations, explainPackets } from './matrix/explain-packets.ts';
import { placePods } from './matrix/place-pods.ts';
import { parseTarget } from './matrix/question.ts';
import { describeConnections } from './matrix/text.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { tellFaults } from './tell-faults.ts';
import { UsageError, type Verb } from './verb.ts';

interface MatrixOptions extends OutputOptions {
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
}

const includes = (endpoint: Endpoint | undefined, pod: PodEndpoint): boolean =>
  endpoint === undefined || (endpoint.kind === 'pods' && endpoint.pods.includes(pod));

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

export const matrixVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .option('-n, --namespace <name>', 'only connections with an end in this namespace')
      .option('--from <endpoint>', 'only connections from: namespace/pod, namespace/workload, an address, or "outside"')
      .option('--to <endpoint>', 'only connections to: the same')
      .option('--port <protocol/port>', 'with --from and --to: follow this packet and tell why it passes or not')
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Who may open connections to whom, at which ports, and which policy says so. Nothing is touched: policies, pods (or the
workloads that make them) and namespaces come from manifests. Pods without addresses get made-up ones.

Examples:
  kubectl get pods,namespaces,networkpolicies -A -o yaml | portcullis matrix -f -
  portcullis matrix -f manifests/ -n shop
  portcullis matrix -f manifests/ --to shop/db
  portcullis matrix -f manifests/ --from shop/web --to shop/db --port TCP/3306
  portcullis matrix -f manifests/ --from 203.0.113.7 --to shop/web --port 443`,
      );
  },
  async run(command, io) {
    const options = command.opts<MatrixOptions>();
    const target = options.port === undefined ? undefined : parseTarget(options.port);
    const loaded = await loadInput(command, io);
    const { snapshot, pods, madeUp, families } = placePods(loaded.snapshot);
    if (madeUp > 0) io.err(`note: ${madeUp} of ${pods.length} pods have no address yet; using placeholder addresses\n`);
    const policy = compileNodePolicy(snapshot, undefined);
    tellFaults(policy.faults, loaded, io);
    const evaluator = createEvaluator(policy, snapshot.pods.values());
    const code = policy.faults.length > 0 || loaded.problems.length > 0 ? 1 : 0;
    const find = (name: string | undefined) =>
      name === undefined ? undefined : findEndpoint(name, pods, loaded.podOrigins);
    const [from, to] = [find(options.from), find(options.to)];

    if (target !== undefined) {
      if (from === undefined || to === undefined) throw new UsageError('--port needs --from and --to');
      const explanations = explainPackets(evaluator, from, to, target);
      io.out(formatOutput(options.output, { explanations }, () => describeExplanations(explanations)));
      return code;
    }
    if (from?.kind === 'address' || to?.kind === 'address')
      throw new UsageError('an address needs --from, --to and --port');
    const finder = createConnectionFinder(evaluator, policy, pods, families);
    const { namespace } = options;
    const concerns = ({ from: source, to: destination }: Connection): boolean =>
      namespace === undefined || [source, destination].some((end) => end.startsWith(`${namespace}/`));
    const connections = connectionsOf(finder, pods, from, to).filter(concerns);
    const endpoints = endpointsOf(pods, connections);
    io.out(formatOutput(options.output, { endpoints, connections }, () => describeConnections(endpoints, connections)));
    return code;
  },
};
