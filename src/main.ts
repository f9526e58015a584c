import { setImmediate } from 'node:timers/promises';
import { createAnswering } from './agent/answers.ts';
import { createBridges } from './agent/bridges.ts';
import { createAnnounced, createClusterSource, createCniResults } from './agent/cluster-source.ts';
import { createCondition } from './agent/condition.ts';
import type { AgentContext, AgentOptions } from './agent/context.ts';
import { createEvents } from './agent/events.ts';
import { createPodRanges } from './agent/gate.ts';
import { createHealthFile } from './agent/health-file.ts';
import { startLease } from './agent/lease.ts';
import { createLoop } from './agent/loop.ts';
import { createNodeGuard } from './agent/node-guard.ts';
import { watchOtherPolicies } from './agent/other-policies.ts';
import { createAgentParts } from './agent/parts.ts';
import { createPodVerdicts } from './agent/pod-verdicts.ts';
import { createUnseen } from './agent/unseen.ts';
import { createRequirements } from './agent/requirements.ts';
import { createRecords } from './agent/records.ts';
import { createRelay } from './agent/relay.ts';
import { createNewPods } from './agent/new-pods.ts';
import { createProbes } from './agent/probes.ts';
import { createProtection } from './agent/protection.ts';
import { createSourceCheck } from './agent/source-check.ts';
import { describeAgent } from './agent/describe-agent.ts';
import { createEnforcementStates } from './agent/enforcement-state.ts';
import { createPassMemory } from './agent/pass-memory.ts';
import { describeLoop, describeSource } from './agent/status.ts';
import { startStatusServer } from './agent/status-server.ts';
import { watchSurroundings } from './agent/surroundings.ts';
import { createWaitingPods } from './agent/waiting-pods.ts';
import type { PodCondition } from './cluster/condition/pod-condition.ts';
import type { ListenAddress } from './config/listen-address.ts';
import type { Config } from './config/config.ts';
import { createSystemClock } from './kernel/clock.ts';
import type { Backend } from './kernel/iptables.ts';
import { createCommandRunner } from './kernel/command.ts';
import { createCompanionStarter } from './kernel/companion.ts';
import { detectBackend, detectFamilies } from './kernel/detect.ts';
import { hasNoSets, lookFirst } from './kernel/first-look.ts';
import { findHomes } from './kernel/home-tables.ts';
import { createKernel, tablesOf } from './kernel/kernel.ts';
import { createLaunchingRunner } from './kernel/launcher.ts';
import { createKernelLookout } from './kernel/kernel-lookout.ts';
import { createNetlink } from './kernel/netlink/netlink.ts';
import { createNftReader } from './kernel/netlink/nft-reader.ts';
import { createSetReader } from './kernel/netlink/set-reader.ts';
import { ipsetRestore, iptablesRestore, createStandingRunner } from './kernel/restore-programs.ts';
import { readSpoofedPackets } from './kernel/spoofed-packets.ts';
import { createSourceTrial } from './kernel/try-source-check.ts';
import { createHousekeepingCheck } from './kernel/node-lock/housekeeping.ts';
import { createKernelLock } from './kernel/node-lock/kernel-lock.ts';
import { createNodeLock } from './kernel/node-lock/node-lock.ts';
import { olderAgentPatience } from './kernel/node-lock/older-agent.ts';
import { unixTime } from './model/clock.ts';
import { type ClusterChange, OBJECT_KINDS } from './model/cluster-change.ts';
import { NO_EVENTS } from './model/operator-event.ts';
import { tellAdoption } from './telemetry/adoption.ts';
import { tellHomes } from './telemetry/homes.ts';
import { describeClosed } from './telemetry/closed-observer.ts';
import type { Endpoints } from './telemetry/endpoints.ts';
import { createLogger } from './telemetry/logger.ts';
import { createAgentMetrics } from './telemetry/metrics.ts';
import { createNodeLockObserver } from './telemetry/node-lock-observer.ts';
import { serveWhenFree } from './telemetry/serve-when-free.ts';
import { serveTelemetry } from './telemetry/server.ts';

/**
 * Milliseconds (plus two check intervals) after which an agent that has the lock, but has not removed the marker set,
 * counts as dead.
 */
const MIN_PATIENCE_MS = 60_000;
/**
 * The same for an older agent, which has only the name: it removes the set within a check interval, or later on a busy
 * node.
 */
const OLDER_PATIENCE_MS = 10_000;

/** A running agent. */
export interface Agent {
  /** Resolves with the reason if the node lacks what every policy needs: then the caller ends the agent and reports it. */
  readonly lacking: Promise<string>;
  /** Ends the agent; the rules stay in force. */
  stop(): Promise<void>;
}

/**
 * Starts an agent in the current network namespace. Retries and logs all failures; a listener that is not available delays
 * nothing.
 * @throws CommandError if the iptables backend cannot be detected
 */
export const startAgent = async (config: Config, options: AgentOptions): Promise<Agent> => {
  const log = createLogger({ format: config.logFormat, level: config.logLevel });
  const clock = createSystemClock();
  const startedAt = clock.now();
  const metrics = createAgentMetrics({
    version: options.version,
    limit: config.limits.node,
    sources: () =>
      OBJECT_KINDS.map((kind) => {
        const { synced, restarts, errors, trouble, lastHeardAt } = source.status()[kind];
        const lastHeardSeconds = lastHeardAt === undefined ? undefined : unixTime(clock, lastHeardAt);
        return { kind, synced, restarts, errors, isFailing: trouble !== undefined, lastHeardSeconds };
      }),
    waitingSince() {
      const { waitingSince } = reconciler.status();
      return waitingSince === undefined ? undefined : unixTime(clock, waitingSince);
    },
    waitingPods: () => waitingPods.count(),
  });
  const recorder = createEvents({ ...options, config, clock, log }, metrics.recordEvent);
  const context: AgentContext = { ...options, config, clock, log, events: recorder ?? NO_EVENTS };
  const noted = createCniResults(context);
  const announced = createAnnounced(context, noted);
  const results = announced ?? noted;
  const changes = createRelay<ClusterChange>();
  const links = createRelay<undefined>();
  const blank = Promise.withResolvers<boolean>();
  const plainRunner = createCommandRunner();
  const start = createCompanionStarter();
  const netlink = createNetlink(createCompanionStarter([], 'bytes'));
  const reader = createSetReader(netlink);
  const nft = createNftReader(netlink);
  const noSets = hasNoSets(reader);
  const kernelLock = createKernelLock(start);
  const source = await createClusterSource(context, results, {
    onResult() {
      links.tell(undefined);
    },
    beginning: { seemsBlank: () => noSets, isBlank: () => blank.promise },
  });
  // The first lists take longest: everything else is set up meanwhile.
  source.start(changes.tell);
  const nodeFamilies = await detectFamilies();
  const families = config.ipFamilies === 'auto' ? nodeFamilies : config.ipFamilies;
  const launching = createLaunchingRunner({
    runner: plainRunner,
    start: createCompanionStarter([], 'as it is'),
    clock,
    shells: families.length,
  });
  const findBackend = (): Promise<Backend> =>
    detectBackend({ runner: launching, nft }, families).catch(async (error: unknown) => {
      launching.stop();
      kernelLock.stop();
      await Promise.all([netlink.stop(), source.stop()]);
      throw error;
    });
  const backend = config.iptablesBackend === 'auto' ? await findBackend() : config.iptablesBackend;
  const homes = await findHomes(launching, backend, families);
  const runner = createStandingRunner(
    [ipsetRestore, ...families.map((family) => iptablesRestore(family, backend, config.xtablesWaitSeconds))],
    // Not before the last list was requested.
    { runner: launching, start, clock, after: blank.promise.then(() => setImmediate()) },
  );
  const lockObserver = createNodeLockObserver(context);
  const firewall = { backend, families, homes, xtablesWaitSeconds: config.xtablesWaitSeconds, nft };
  const plainKernel = createKernel(runner, { ...firewall, reader });
  const lock = await createNodeLock({
    introduction: { version: options.version, pid: process.pid },
    kernelLock,
    isWorking: createHousekeepingCheck(runner, { patienceMs: () => MIN_PATIENCE_MS + 2 * config.driftIntervalMs }),
    isOlderAgent: createHousekeepingCheck(runner, {
      patienceMs: () => olderAgentPatience(plainKernel, OLDER_PATIENCE_MS + 3 * config.driftIntervalMs),
    }),
    ...lockObserver,
  });
  const lookout = createKernelLookout(
    { backend, families, intervalMs: config.driftIntervalMs, onTouched: () => reconciler.inspect() },
    { tables: tablesOf(runner, firewall), start, sets: reader, clock },
  );
  const bridges = createBridges(context, {
    source,
    results,
    runner,
    start,
    families: () => families.filter((family) => parts.isProgrammed(family)),
    metrics,
    policy: () => reconciler.policy(),
    recordGroup: () => records.bridgeGroup(),
    onPorts: () => reconciler.trigger({ kind: 'pods', key: '' }),
  });
  const { kernel, isBlank, failed } = lookFirst(lookout.over(plainKernel), lock.isHeld());
  blank.resolve(isBlank);
  const requirements = createRequirements(context, {
    kernel: plainKernel,
    runner: launching,
    backend,
    isOurs: () => lock.isHeld(),
    isProven() {
      const { ready, notInForce } = reconciler.status();
      return ready && notInForce.length === 0 && reconciler.policy().isolations.length > 0;
    },
  });
  failed.then(requirements.doubt, () => undefined);
  const podRanges = createPodRanges(context);
  const passes = createPassMemory(clock.wall);
  const parts = createAgentParts(context, {
    leftOut: nodeFamilies.filter((family) => !families.includes(family)),
    failing: () => reconciler.status().notInForce,
    policy: () => reconciler.policy(),
    bridgeRefusal: () => bridges.refusal(),
    areDroppedAtBridges: (podUids) =>
      bridges.refusal() === undefined && podUids.every((uid) => bridges.ports()?.portOf.has(uid) === true),
    unseen: () => unseen.reasons(),
    metrics,
  });
  const unseen = createUnseen(context, {
    source,
    results,
    runner,
    families,
    metrics,
    onNews: () => condition?.reconsider(),
  });
  const verdictOf = createPodVerdicts({
    parts,
    sightOf: unseen.sightOf,
    policy: () => reconciler.policy(),
    faults: () => passes.faults(),
  });
  const condition: PodCondition | undefined = createCondition(context, source, verdictOf);
  const waitingPods = createWaitingPods(source, config.nodeName, verdictOf);
  const tryOut = createSourceTrial(kernel);
  const sources = createSourceCheck(context, {
    results,
    tryOut,
    isOurs: () => lock.isHeld(),
    metrics,
    onChange: () => reconciler.trigger(),
  });
  const guard = createNodeGuard(context, {
    source,
    runner: launching,
    tryOut,
    isOurs: () => lock.isHeld(),
    onChange: () => reconciler.trigger(),
  });
  const answering = createAnswering(context, {
    kernel,
    netlink,
    isOurs: () => lock.isHeld(),
    families,
    metrics,
    policy: () => reconciler.policy(),
    onTried: () => reconciler.trigger(),
  });
  const records = createRecords(context, {
    source,
    start: createCompanionStarter([], 'bytes'),
    netlink,
    families: () => families.filter((family) => parts.isProgrammed(family)),
    isOurs: () => lock.isHeld(),
    isTaken: (family) => answering.answered(family) !== undefined,
    policy: () => reconciler.policy(),
    podsAt: (address) => reconciler.podsAt(address),
    ports: bridges.portPods,
    ownAddresses: () => guard?.network()?.addresses ?? [],
    seemsBlank: noSets,
    onSettled: () => reconciler.trigger(),
    runner: launching,
    backend,
    homes,
    metrics,
  });
  const reconciler = createLoop(context, {
    answering,
    records,
    source,
    podRanges,
    condition,
    waitingPods,
    sources,
    guard,
    results,
    lock,
    bridges,
    parts,
    requirements,
    kernel: records.over(bridges.over(tellAdoption(kernel, log))),
    lookout,
    runner,
    netlink,
    families,
    metrics,
    onPass(result, culprits) {
      // Faults of policies that come or go change what pods' conditions have to say.
      if (passes.note(result, culprits)) condition?.reconsider();
      states.notePass();
      lease?.note();
    },
  });

  const otherKinds = watchOtherPolicies(context, { source, metrics });
  const surroundings = watchSurroundings(context, { runner, netlink, nft, backend, families, metrics });
  const probes = createProbes({ parts, lock, reconciler, clock });
  const states = createEnforcementStates({
    ready: probes.ready,
    parts,
    metrics,
    clock,
    log,
    onChange: () => lease?.note(),
  });
  const lease = startLease(context, {
    enforcement: states.observe,
    loop: () => reconciler.status(),
    source: source.status,
    faults: passes.faults,
    isOurs: () => lock.isHeld(),
  });
  const healthFile = createHealthFile(context, probes);
  const newPods =
    announced &&
    createNewPods(context, {
      announced,
      isOurs: () => lock.isHeld(),
      ready: probes.ready,
      async inForce() {
        await sources?.settled();
        await bridges.settled();
        await reconciler.settled();
        // The bridge gets the pods that are isolated since that pass.
        await bridges.settled();
      },
    });
  const endpoints: Endpoints = {
    ...healthFile.probes,
    metrics: async () => {
      const { pods, namespaces, policies } = source.snapshot();
      states.observe();
      metrics.setClusterObjects({ pods: pods.size, namespaces: namespaces.size, policies: policies.size });
      await Promise.all([bridges.count(), records.count()]);
      if (guard?.network() !== undefined || (sources?.chosen().interfaces.length ?? 0) > 0) {
        // A scrape must not fail because of it.
        const { tunnelPorts = [], tunnelProtocols = [] } = guard?.network() ?? {};
        const hasTunnels = tunnelPorts.length + tunnelProtocols.length > 0;
        await readSpoofedPackets(runner, backend, { families, hasTunnels }).then(
          metrics.setSpoofedPackets,
          () => undefined,
        );
      }
      return metrics.expose();
    },
    status: () => ({
      version: options.version,
      node: config.nodeName,
      backend,
      families,
      tables: homes,
      enforcement: states.observe(),
      ...describeLoop(clock, reconciler.status()),
      notInForce: parts.list(),
      source: describeSource(clock, source.status()),
      listener: serving?.status(),
      podCondition: condition?.status(),
      events: recorder?.status(),
      lease: lease?.status(),
      ...surroundings.status(),
      ...unseen.status(),
      otherPolicies: otherKinds.status(),
      gate: { scope: config.gate, ranges: podRanges?.ranges() ?? [] },
      closed: describeClosed(reconciler.closedPods()),
      antiSpoofing: { ...(sources?.chosen() ?? { interfaces: [] }), ...guard?.status() },
      bridges: bridges.status(),
      cni: newPods?.status(),
      records: records.status(),
    }),
  };
  log.info('portcullis agent started', { version: options.version, node: config.nodeName, backend, families });
  tellHomes(homes, log);
  const settings = createProtection(context);
  const serve = (address: ListenAddress) => serveTelemetry(address, endpoints, settings);
  const serving =
    config.listen &&
    serveWhenFree({
      address: config.listen,
      serve,
      log,
      isSecond: () => !lock.isHeld(),
      onFailure: metrics.recordListenFailure,
    });
  const statusServer = startStatusServer(context, config.statusSocket, () =>
    describeAgent({
      clock,
      version: options.version,
      node: config.nodeName,
      startedAt,
      enforcement: states.observe(),
      loop: reconciler.status(),
      source,
      passes,
      closed: reconciler.closedPods(),
      backend,
      families,
      tables: homes,
      bridges: bridges.status(),
      isOnBridge: (podUid) => bridges.ports()?.portOf.has(podUid) === true,
      sources: sources?.chosen(),
      unseenBridges: unseen.status().unseenBridges ?? [],
      unseenPods: unseen.status().unseenPods,
      company: surroundings.status().company,
      otherKinds: otherKinds.status(),
    }),
  );
  podRanges?.start(() => {
    reconciler.trigger();
  });
  sources?.start();
  unseen.start();
  guard?.start();
  answering.start();
  records.start();
  links.listen(() => {
    sources?.note();
    bridges.noteLinks();
  });
  changes.listen((change) => {
    condition?.noteChange(change);
    waitingPods.noteChange(change);
    unseen.noteChange(change);
    guard?.noteChange(change);
    bridges.noteChange(change);
    records.noteChange(change);
    reconciler.trigger(change);
  });
  newPods?.start();

  return {
    lacking: requirements.lacking,
    async stop() {
      await Promise.all([newPods?.stop(), statusServer.stop(), lease?.stop()]);
      await Promise.all([source.stop(), reconciler.stop(), condition?.stop(), podRanges?.stop(), serving?.close()]);
      lockObserver.stop();
      sources?.stop();
      guard?.stop();
      answering.stop();
      await records.stop();
      await bridges.stop();
      // Before the programs that it needs end.
      await requirements.stop();
      lookout.stop();
      runner.stop();
      launching.stop();
      surroundings.stop();
      unseen.stop();
      otherKinds.stop();
      await Promise.all([netlink.stop(), recorder?.stop(), lock.release(), healthFile.stop()]);
      log.info('portcullis agent stopped; its rules stay in force');
    },
  };
};
