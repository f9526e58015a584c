import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../cluster/api/api-error.ts';
import type { ApiConnection } from '../cluster/api/connection.ts';
import { readAll, readOne } from '../cluster/api/read-all.ts';
import { isRevision } from '../cluster/api/resource-version.ts';
import { createIntern } from '../cluster/intern.ts';
import { type AgentLease, leaseSelector, leasesPath, readLease } from '../cluster/lease/agent-lease.ts';
import { type AppliedPolicy, findLaggingNodes, type LaggingNode } from '../cluster/lease/policy-in-force.ts';
import { asObject, asText } from '../cluster/raw.ts';
import { PODS } from '../cluster/resource.ts';
import { trimPod } from '../cluster/trim-pod.ts';
import { trimPolicy } from '../cluster/resource.ts';
import type { LeaseHome } from '../model/lease-home.ts';
import { readDuration } from '../config/duration.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { selects } from '../policy/selector.ts';
import type { ContextOptions } from './kubectl.ts';
import { connectToCluster, contextOption, kubeconfigOption } from './live-cluster.ts';
import { DEFAULT_LEASE, LEASE_VARIABLE, readLeaseHome } from './lease-home.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { UsageError, type Verb } from './verb.ts';

interface WaitOptions extends OutputOptions, ContextOptions {
  readonly namespace?: string;
  readonly timeout: string;
  readonly allNodes?: true;
  readonly lease?: string;
}

/** The result of a wait. `lagging` is empty if the policy is in force on all `nodes`. */
interface WaitResult extends AppliedPolicy {
  readonly nodes: readonly string[];
  readonly lagging: readonly LaggingNode[];
}

/** Interval of looks at the Leases. An agent writes news into its Lease within a second or two. */
const EVERY_MS = 500;

const readTarget = (args: readonly string[], namespace: string | undefined): readonly [string, string] => {
  const [kind, target, ...rest] = args;
  if (kind !== 'networkpolicy' && kind !== 'netpol') throw new UsageError(`${kind ?? 'nothing'} cannot be waited for`);
  if (target === undefined || rest.length > 0) throw new UsageError('name one policy: NAMESPACE/NAME');
  const parts = target.split('/');
  const [first = '', second] = parts;
  const named = second === undefined ? [namespace ?? 'default', first] : [first, second];
  if (parts.length > 2 || named.includes('')) throw new UsageError(`${target} is not NAMESPACE/NAME`);
  if (second !== undefined && namespace !== undefined && namespace !== first) {
    throw new UsageError(`-n ${namespace} and ${target} are two namespaces`);
  }
  return [named[0] ?? '', named[1] ?? ''];
};

interface Found {
  readonly policy: PolicyObject;
  readonly applied: AppliedPolicy;
}

/** @throws Error if there is no such policy, or its resourceVersion cannot be compared */
const readPolicy = async (connection: ApiConnection, namespace: string, name: string): Promise<Found> => {
  const key = `${namespace}/${name}`;
  const path = `/apis/networking.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/networkpolicies/${encodeURIComponent(name)}`;
  const raw = await readOne(connection, path).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 404) throw new Error(`networkpolicy ${key} does not exist`);
    throw error;
  });
  const policy = trimPolicy(asObject(raw), createIntern());
  const resourceVersion = asText(asObject(asObject(raw)['metadata'])['resourceVersion']) ?? '';
  if (policy === undefined) throw new Error(`networkpolicy ${key}: the answer has no name`);
  if (!isRevision(resourceVersion)) {
    throw new Error(`networkpolicy ${key}: its resourceVersion "${resourceVersion}" cannot be compared with others`);
  }
  return { policy, applied: { key, resourceVersion } };
};

const readLeases = async (connection: ApiConnection, home: LeaseHome): Promise<ReadonlyMap<string, AgentLease>> => {
  const raws = await readAll(connection, leasesPath(home.namespace), { labelSelector: leaseSelector(home) });
  const leases = raws.flatMap((raw) => readLease(raw) ?? []);
  return new Map(leases.map((lease) => [lease.node, lease]));
};

/** Returns the nodes with pods that the policy selects. */
const nodesWithPods = async (connection: ApiConnection, policy: PolicyObject): Promise<readonly string[]> => {
  const { podSelector } = parsePolicy(policy);
  const path = `/api/v1/namespaces/${encodeURIComponent(policy.namespace)}/pods`;
  const intern = createIntern();
  const raws = await readAll(connection, path, { fieldSelector: PODS.fieldSelector });
  const nodes = raws.flatMap((raw) => {
    const pod = trimPod(raw, intern);
    return pod !== undefined && pod.node !== '' && !pod.hostNetwork && selects(podSelector, pod.labels)
      ? [pod.node]
      : [];
  });
  return [...new Set(nodes)];
};

const describeResult = ({ key, resourceVersion, nodes, lagging }: WaitResult): string => {
  const what = `networkpolicy ${key} at resource version ${resourceVersion}`;
  if (nodes.length === 0) return `${what} selects no pod of any node`;
  if (lagging.length === 0) return `${what} is in force on ${nodes.length} of ${nodes.length} nodes`;
  const lines = lagging.map(({ node, reason }) => `  ${node}: ${reason}`);
  return [
    `${what} is in force on ${nodes.length - lagging.length} of ${nodes.length} nodes, but not on:`,
    ...lines,
  ].join('\n');
};

export const waitVerb: Verb = {
  declare(command) {
    command
      .argument('<kind>', 'networkpolicy')
      .argument('<name>', 'NAMESPACE/NAME, or NAME with -n')
      .option('-n, --namespace <name>', "the policy's namespace")
      .option('--timeout <duration>', 'how long to wait; 0s looks once', '60s')
      .option('--all-nodes', 'all nodes with an agent, not only those with pods that the policy selects')
      .option('--lease <namespace/release>', `the agents' --lease (default: $${LEASE_VARIABLE}, or ${DEFAULT_LEASE})`)
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Waits until the policy, as it is applied now, is in force on every node that has
pods which it selects, as the Leases of the agents say. The agents need --lease
(manifests/components/leases, or leases.enabled of the chart). The exit code is
0 once it is in force. It is 1 if nodes lag at the end; each is named with the
reason. It needs the rights to get the policy, and to list pods and Leases.

Examples:
  kubectl apply -f policy.yaml && portcullis wait networkpolicy shop/web
  portcullis wait networkpolicy shop/web --timeout 0s -o json`,
      );
  },
  async run(command, io) {
    const options = command.opts<WaitOptions>();
    const [namespace, name] = readTarget(command.args, options.namespace);
    const home = readLeaseHome(options.lease, io);
    const timeoutMs = readDuration(options.timeout);
    if (timeoutMs === undefined) throw new UsageError(`--timeout ${options.timeout}: not a duration such as 60s`);
    const connection = await connectToCluster(options, io);
    const { policy, applied } = await readPolicy(connection, namespace, name);

    const look = async (): Promise<WaitResult> => {
      const leases = await readLeases(connection, home);
      if (leases.size === 0) {
        throw new Error(
          `no agent has a Lease in ${home.namespace} of the installation ${home.release}: are the agents started with --lease?`,
        );
      }
      const nodes = options.allNodes === true ? [...leases.keys()] : await nodesWithPods(connection, policy);
      return { ...applied, nodes: nodes.toSorted(), lagging: findLaggingNodes(applied, nodes, leases) };
    };

    const deadline = performance.now() + timeoutMs;
    let result = await look();
    while (result.lagging.length > 0 && performance.now() < deadline) {
      await delay(EVERY_MS);
      result = await look();
    }
    io.out(formatOutput(options.output, result, () => describeResult(result)));
    return result.lagging.length === 0 ? 0 : 1;
  },
};
