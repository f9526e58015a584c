import { Option } from 'commander';
import { eachPod } from '../reach/workloads.ts';
import { describePod } from '../trace/describe.ts';
import { createEvaluator } from '../trace/evaluator.ts';
import { filenameOption, loadInput } from './input.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { createConnectionFinder } from './matrix/connection-finder.ts';
import { describeExplanations, type Explanation, explainPackets } from './matrix/explain-packets.ts';
import { MATRIX_FORMATS, type MatrixFormat, printMatrix, printSummary } from './matrix/print.ts';
import { questionOf } from './matrix/question.ts';
import { MOST_REPLICAS, reachOf, readCluster, rowMaker, workloadsOf } from './matrix/read-cluster.ts';
import { formatOutput } from './output.ts';
import { createProgress } from './progress.ts';
import { servicePortOf } from './resolve/backends.ts';
import { createResolver, type Endpoint } from './resolve/resolve.ts';
import { parseProtocolPort, type ProtocolPort, readTargetText, type TargetText } from './resolve/target-text.ts';
import { tellFaults } from './tell-faults.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface MatrixOptions {
  readonly output: MatrixFormat;
  readonly pods?: boolean;
  readonly summary?: boolean;
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly expect?: Expectation;
}

const EXPECTATIONS = { allowed: 'allow', denied: 'deny' } as const;

type Expectation = keyof typeof EXPECTATIONS;

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

/** Where nobody sees a window, a table may be this wide. */
const WIDEST_IN_FILE = 200;

/** Characters of a line of the window, as the environment or the terminal says (POSIX: COLUMNS). */
const windowOf = ({ env }: CliIo): number => {
  const told = Number(env['COLUMNS']);
  if (Number.isInteger(told) && told > 0) return told;
  return process.stdout.isTTY ? process.stdout.columns : WIDEST_IN_FILE;
};

/** @throws UsageError where the result has no such form */
const simpleFormat = (output: MatrixFormat, what: string): 'text' | 'json' | 'yaml' => {
  if (output === 'text' || output === 'json' || output === 'yaml') return output;
  throw new UsageError(`${what} is printed as text, json or yaml, not as ${output}`);
};

const namespaceOf = (endpoint: Endpoint | undefined): string | undefined =>
  endpoint !== undefined && 'pods' in endpoint ? endpoint.pods[0]?.namespace : undefined;

export const matrixVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('-n, --namespace <name>', 'only connections with an end in this namespace; the namespace of bare names')
      .option('--from <endpoint>', 'only connections from this endpoint')
      .option('--to <endpoint>', 'only connections to this endpoint')
      .option('--port <protocol/port>', 'with --from and --to: follow this packet and explain why it passes or not')
      .addOption(
        new Option('--expect <verdict>', 'with --from, --to and a port: exit with 1 unless it is so').choices(
          Object.keys(EXPECTATIONS),
        ),
      )
      .option('--pods', 'a row for each pod, not for each workload')
      .option('--summary', 'only how many connections are allowed and denied')
      .addOption(new Option('-o, --output <format>', 'print as').choices(MATRIX_FORMATS).default('text'))
      .addHelpText(
        'after',
        `
Prints which pod may open connections to which, on which ports, and which policy
says so. Nothing is changed: policies, pods (or the workloads that make them),
namespaces and Services come from manifests. Pods without addresses get
placeholder addresses. A row is a workload, with the number of its pods. Pods of
a workload that fare differently have rows of their own: shop/web-1 +2 is that
pod and two that fare as it does.

Where the table is wider than the window, the answer says so: then rows that are
alike are one (12 like shop/web), and so are columns, which have numbers if they
need to. What still does not fit is not printed. -o wide prints all of it,
-o csv a line for each connection, allowed or denied; -o json the reasons too.

An endpoint is one of:
  shop/web-7d4b9, shop/web   a pod; all pods of a workload, or behind a Service
  deploy/web, svc/shop/web   the same by kind, with -n or a namespace
  http://web.shop:8080/      a URL; web.shop.svc.cluster.local: a Service
  10.96.0.20, 192.0.2.7:30080  a ClusterIP, a node port, any other address
  outside                    everything that is no pod and no node
Policies see packets after a Service has chosen a pod, so a Service stands for
the pods and ports behind it.

Examples:
  kubectl get pods,ns,netpol,services,endpointslices -A -o yaml |
    portcullis matrix -f -
  kubectl get pods,namespaces,networkpolicies -A -o json |
    kubectl -n kube-system exec -i ds/portcullis -- \\
      portcullis matrix -f - --summary
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
    const isPacket = packet !== undefined || expect !== undefined;
    const progress = createProgress(io, process.stderr.isTTY);
    const loaded = await loadInput(command, io, { maxReplicas: isPacket ? 1 : MOST_REPLICAS, progress });
    progress.at('compiling policies');
    const cluster = readCluster(loaded);
    const { snapshot, pods, madeUp, families, policy } = cluster;
    const note = (text: string): void => {
      progress.hide();
      io.err(`note: ${text}\n`);
    };
    if (madeUp > 0) note(`${madeUp} of ${pods.length} pods have no address yet; using placeholder addresses`);
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

    if (isPacket) {
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
      io.out(
        formatOutput(simpleFormat(output, 'one packet'), { explanations }, () => describeExplanations(explanations)),
      );
      const wrong = expect === undefined ? [] : surprises(explanations, expect);
      for (const line of wrong) io.err(`${line}\n`);
      return wrong.length > 0 ? 1 : code;
    }
    if (from?.kind === 'address' || to?.kind === 'address') {
      throw new UsageError('an address needs --from, --to and --port');
    }
    if (namespace !== undefined && !snapshot.namespaces.has(namespace)) {
      throw new UsageError(`-n ${namespace}: the input has no such namespace`);
    }
    if (pods.length === 0 && (output === 'text' || output === 'wide')) {
      throw new Error('the input has no pods, and no workloads that make them: give them along with the policies');
    }
    progress.at('comparing pods with policies');
    const reach = reachOf(cluster);
    const rowsOf = rowMaker(reach, pods, options.pods === true ? eachPod : workloadsOf(loaded));
    const answer = {
      reach,
      question: questionOf({ namespace, from, to }, pods, rowsOf),
      finder: createConnectionFinder(evaluator, policy, pods, families),
      progress,
      window: windowOf(io),
    };
    if (options.summary === true) {
      const text = printSummary(answer, simpleFormat(output, '--summary'));
      progress.hide();
      io.out(text);
      return code;
    }
    for (const piece of printMatrix(answer, output)) {
      progress.hide();
      io.out(piece);
    }
    progress.hide();
    return code;
  },
};
