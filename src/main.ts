import { uptime } from 'node:os';
import type { Connect } from './cluster/api/connection.ts';
import { createTokenReview } from './cluster/access/token-review.ts';
import { connectInCluster } from './cluster/api/in-cluster.ts';
import { connectByKubeconfig } from './cluster/api/kubeconfig.ts';
import { createApiSource } from './cluster/api-source.ts';
import { withEarlyAddresses } from './cluster/cni/early-addresses.ts';
import { followCniResults } from './cluster/cni/follow-results.ts';
import { createPodCondition, type PodCondition } from './cluster/condition/pod-condition.ts';
import { followPodRanges, type PodRanges } from './cluster/pod-ranges.ts';
import type { ClusterSource } from './cluster/source.ts';
import type { ListenAddress } from './config/listen-address.ts';
import type { ApiServerConfig, Config } from './config/config.ts';
import { createSystemClock } from './kernel/clock.ts';
import { createCommandRunner } from './kernel/command.ts';
import { createCompanionStarter } from './kernel/companion.ts';
import { detectBackend, detectFamilies } from './kernel/detect.ts';
import { createConnections } from './kernel/conntrack.ts';
import { lookForCompany } from './kernel/company.ts';
import { createCompanyWatch } from './kernel/company-watch.ts';
import { createKernel } from './kernel/kernel.ts';
import { createKernelLookout } from './kernel/kernel-lookout.ts';
import { createHousekeepingCheck } from './kernel/node-lock/housekeeping.ts';
import { createNodeLock } from './kernel/node-lock/node-lock.ts';
import type { Clock } from './model/clock.ts';
import { OBJECT_KINDS } from './model/cluster-change.ts';
import { parseCidr } from './policy/cidr.ts';
import type { GateOptions } from './program/gate.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { createReview } from './reconcile/review.ts';
import { createTokenAccess } from './telemetry/access.ts';
import { tellAdoption } from './telemetry/adoption.ts';
import { createCompanyObserver } from './telemetry/company-observer.ts';
import type { Endpoints } from './telemetry/endpoints.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createAgentMetrics } from './telemetry/metrics.ts';
import { createNodeLockObserver } from './telemetry/node-lock-observer.ts';
import { createReviewObserver } from './telemetry/review-observer.ts';
import { serveWhenFree } from './telemetry/serve-when-free.ts';
import { type ServerSettings, serveTelemetry } from './telemetry/server.ts';
import { createSyncObserver } from './telemetry/sync-observer.ts';

/** A healthy loop comes round at every check; so much longer than that means that it hangs, ms. */
const MAX_SILENCE_MS = 120_000;
/** So many failures in a row, and the agent says that it is not ready, while the last rules stay in force. */
const UNREADY_AFTER_FAILURES = 5;
/** Another agent that has not tidied up for so long, and two of its check intervals, does not work, ms. */
const MIN_PATIENCE_MS = 60_000;

/** A running agent. */
export interface Agent {
  /** Ends the agent; the rules stay in force. */
  stop(): Promise<void>;
}

export interface AgentOptions {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How to reach the API server. */
const connectTo = (source: ApiServerConfig, { env }: AgentOptions): Connect =>
  source.kind === 'kubeconfig'
    ? () => connectByKubeconfig(source.file)
    : () => connectInCluster({ host: env['KUBERNETES_SERVICE_HOST'], port: env['KUBERNETES_SERVICE_PORT'] });

/** Who may read what is served, and how it is kept from others on the way. */
const protect = (config: Config, options: AgentOptions, { now }: Clock, log: Logger): ServerSettings => {
  const { source, tls } = config;
  const told =
    (again: string, trouble: string) =>
    (what: string | undefined): void => {
      if (what === undefined) log.info(again);
      else log.warn(trouble, { trouble: what });
    };
  return {
    ...(config.metricsAuth === 'kubernetes' && source.kind !== 'manifests'
      ? {
          access: createTokenAccess({
            review: createTokenReview(connectTo(source, options)),
            now,
            onTrouble: told('tokens can be asked about again', 'metrics are refused: tokens cannot be asked about'),
          }),
        }
      : {}),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            files: tls,
            onTrouble: told('the new certificate is in use', 'the new certificate cannot be used; the old one stays'),
          },
        }),
  };
};

const createSource = async (
  config: Config,
  options: AgentOptions,
  clock: Clock,
  log: Logger,
): Promise<ClusterSource> => {
  const onTrouble = (what: string, trouble: string | undefined): void => {
    if (trouble === undefined) log.info('the source of the state of the cluster works again', { what });
    else log.warn('the source of the state of the cluster is in trouble; the last state stays', { what, trouble });
  };
  const { source } = config;
  if (source.kind === 'manifests') {
    // Its YAML parser is nothing for an agent in a cluster to load.
    const { createManifestSource } = await import('./cluster/manifest-source.ts');
    return createManifestSource({
      paths: [source.folder],
      clock,
      onTrouble: (trouble) => {
        onTrouble(source.folder, trouble);
      },
    });
  }
  return createApiSource({ connect: connectTo(source, options), clock, random: Math.random, onTrouble });
};

const withCniResults = (config: Config, source: ClusterSource, clock: Clock, log: Logger): ClusterSource => {
  const { cniResults: folder, nodeName } = config;
  if (folder === undefined) return source;
  const bootedAt = Date.now() - uptime() * 1000;
  const onTrouble = (what: string, trouble: string): void => {
    log.warn('pods may be learned of later: a CNI result cannot be read', { what, trouble });
  };
  return withEarlyAddresses(source, followCniResults({ folder, clock, bootedAt, onTrouble }), nodeName);
};

const createCondition = (
  config: Config,
  options: AgentOptions,
  clusterSource: ClusterSource,
  clock: Clock,
  log: Logger,
): PodCondition | undefined => {
  const { source, nodeName: node, podCondition } = config;
  if (source.kind === 'manifests' || podCondition === 'off') return undefined;
  return createPodCondition({
    connect: connectTo(source, options),
    source: clusterSource,
    node,
    gatedOnly: podCondition === 'gated',
    clock,
    random: Math.random,
    onTrouble(trouble) {
      if (trouble === undefined) log.info('pods get their condition again');
      else log.warn('pods cannot be given their condition; their policies are in force all the same', { trouble });
    },
  });
};

const createPodRanges = (config: Config, options: AgentOptions, clock: Clock, log: Logger): PodRanges | undefined => {
  const { source, nodeName: node, gate } = config;
  if (source.kind === 'manifests' || gate === 'off') return undefined;
  const onTrouble = (trouble: string): void => {
    log.warn("the gate is open: the node's pod range is not known", { trouble });
  };
  return followPodRanges({ connect: connectTo(source, options), node, clock, random: Math.random, onTrouble });
};

const gateOf = ({ gate }: Config, ranges: PodRanges | undefined): GateOptions | undefined =>
  ranges && {
    scope: gate === 'all' ? 'all' : 'isolated',
    ranges: () => ranges.ranges().flatMap((range) => parseCidr(range) ?? []),
  };

/**
 * Starts an agent in the present network namespace.
 * @throws ListenError, TlsError; everything else is retried and told in the log
 */
export const startAgent = async (config: Config, options: AgentOptions): Promise<Agent> => {
  const log = createLogger({ format: config.logFormat, level: config.logLevel });
  const clock = createSystemClock();
  const runner = createCommandRunner();
  const families = config.ipFamilies === 'auto' ? await detectFamilies() : config.ipFamilies;
  const backend = config.iptablesBackend === 'auto' ? await detectBackend(runner) : config.iptablesBackend;
  const lock = await createNodeLock({
    introduction: { version: options.version, pid: process.pid },
    isWorking: createHousekeepingCheck(runner, { patienceMs: MIN_PATIENCE_MS + 2 * config.driftIntervalMs }),
    ...createNodeLockObserver(log),
  });
  const lookout = createKernelLookout(
    { backend, families, intervalMs: config.driftIntervalMs, onTouched: () => reconciler.inspect() },
    { runner, start: createCompanionStarter(), clock },
  );
  const kernel = lookout.over(
    createKernel(runner, { backend, families, xtablesWaitSeconds: config.xtablesWaitSeconds }),
  );
  const source = withCniResults(config, await createSource(config, options, clock, log), clock, log);
  const podRanges = createPodRanges(config, options, clock, log);
  const condition = createCondition(config, options, source, clock, log);
  const metrics = createAgentMetrics({
    version: options.version,
    sources: () =>
      OBJECT_KINDS.map((kind) => {
        const { synced, restarts, lastHeardAt } = source.status()[kind];
        const silentSeconds = lastHeardAt === undefined ? undefined : (clock.now() - lastHeardAt) / 1000;
        return { kind, synced, restarts, silentSeconds };
      }),
  });

  const observeSync = createSyncObserver(metrics, log, Date.now, lookout.takeCulprits);

  const reconciler = createReconciler(
    {
      node: config.nodeName,
      checkIntervalMs: config.driftIntervalMs,
      program: { log: config.deniedLog, gate: gateOf(config, podRanges) },
    },
    {
      source: {
        hasSynced: () => lock.isHeld() && source.hasSynced() && podRanges?.hasAsked() !== false,
        snapshot: () => source.snapshot(),
        revisions: () => {
          condition?.notePass();
          const status = source.status();
          return Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, status[kind].resourceVersion]));
        },
      },
      kernel: tellAdoption(kernel, log),
      lookout,
      clock,
      report: (result) => {
        observeSync(result);
        review.after(result);
        condition?.noteResult(result.outcome !== 'failed');
      },
    },
  );
  const review = createReview({
    connections: createConnections(runner),
    families,
    clock,
    policy: () => reconciler.policy(),
    report: createReviewObserver(metrics, log),
  });

  const ready = () => {
    if (!lock.isHeld()) return { ok: false, reason: `another agent works on this node: ${lock.holder()}` };
    const { ready: programmed, failures, lastError } = reconciler.status();
    if (!programmed) return { ok: false, reason: lastError ?? 'policy is not in force yet' };
    if (failures >= UNREADY_AFTER_FAILURES) return { ok: false, reason: lastError ?? 'the kernel refuses' };
    return { ok: true, reason: 'ok' };
  };
  const health = () => {
    const silence = clock.now() - reconciler.status().heartbeatAt;
    return silence <= MAX_SILENCE_MS
      ? { ok: true, reason: 'ok' }
      : { ok: false, reason: `the loop has not come round for ${Math.round(silence / 1000)} s` };
  };
  const endpoints: Endpoints = {
    metrics: () => {
      const { pods, namespaces, policies } = source.snapshot();
      metrics.setClusterObjects({ pods: pods.size, namespaces: namespaces.size, policies: policies.size });
      return metrics.expose();
    },
    health,
    ready,
    status: () => ({
      version: options.version,
      node: config.nodeName,
      backend,
      families,
      ...reconciler.status(),
      source: source.status(),
      podCondition: condition?.status(),
      gate: { scope: config.gate, ranges: podRanges?.ranges() ?? [] },
    }),
  };
  log.info('portcullis agent started', { version: options.version, node: config.nodeName, backend, families });
  const settings = protect(config, options, clock, log);
  const serve = (address: ListenAddress) => serveTelemetry(address, endpoints, settings);
  const server = await serveWhenFree(config.listen, serve, log, !lock.isHeld()).catch(async (error: unknown) => {
    // The loop waits for the source already, and would keep the process alive.
    await Promise.all([reconciler.stop(), review.stop(), condition?.stop(), lock.release()]);
    lookout.stop();
    throw error;
  });
  podRanges?.start(() => {
    reconciler.trigger();
  });
  const company = createCompanyWatch({
    look: () => lookForCompany(runner, backend, families),
    clock,
    onNews: createCompanyObserver(metrics, log),
  });
  source.start((change) => {
    condition?.noteChange(change);
    reconciler.trigger(change);
  });

  return {
    async stop() {
      await Promise.all([
        source.stop(),
        reconciler.stop(),
        review.stop(),
        condition?.stop(),
        podRanges?.stop(),
        server?.close(),
      ]);
      lookout.stop();
      company.stop();
      await lock.release();
      log.info('portcullis agent stopped; its rules stay in force');
    },
  };
};
