import { ApiError } from '../cluster/api/api-error.ts';
import type { ApiConnection, Connect } from '../cluster/api/connection.ts';
import { describeFailure } from '../cluster/api/failure.ts';
import { createReflector, type Reflector } from '../cluster/api/reflector.ts';
import { shareConnection } from '../cluster/api/shared-connection.ts';
import { DEFAULT_TIMING } from '../cluster/api/timing.ts';
import { wait } from '../cluster/api/wait.ts';
import { createIntern } from '../cluster/intern.ts';
import { type AgentLease, LEASE_SECONDS, leaseName, leasesPath, readLease } from '../cluster/lease/agent-lease.ts';
import { asObject, asText } from '../cluster/raw.ts';
import type { Resource } from '../cluster/resource.ts';
import type { Clock } from '../model/clock.ts';
import type { LeaseHome } from '../model/lease-home.ts';
import type { EventSink } from '../model/operator-event.ts';
import type { ControllerMetrics, NodeSample } from '../telemetry/controller-metrics.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type AgentPod, judgeLease, judgeSilence, type NodeVerdict, readAgentPod } from './judge-node.ts';
import { createLeaseAges } from './lease-ages.ts';
import { type NodeState, readNode, sameNode } from './node-state.ts';
import { listAgentPods, listClaimingPods, markPod, removeStartupTaint, writeNodeCondition } from './writes.ts';

export interface ControllerDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly random: () => number;
  readonly home: LeaseHome;
  /** Labels that a node with an agent has. */
  readonly nodeSelector: ReadonlyMap<string, string>;
  /** Whether to remove the start-up taint of nodes that enforce. */
  readonly startupTaint: boolean;
  /** Reports whether this replica is the one that writes. The others only observe, and so are ready to take over. */
  readonly isLeader: () => boolean;
  readonly events: EventSink;
  readonly metrics: Pick<ControllerMetrics, 'recordWrite'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Says of each node whether its agent enforces, since a dead agent cannot. */
export interface Controller {
  hasSynced(): boolean;
  nodes(): readonly NodeSample[];
  stop(): Promise<void>;
}

/** Interval of judging all nodes: a tick costs a millisecond for thousands of nodes. */
const TICK_MS = 1_000;
/** Interval of further looks at a node whose agent is silent, and at its pods. */
const LOOK_AGAIN_MS = 10_000;
/** A message that differs from the stored one is written this seldom while status and reason stay. */
const MESSAGE_MS = 60_000;
/** Minimum interval of writes: a cluster that loses many agents at once must not lose its API server too. */
const PACE_MS = 50;
/** Attempts at the writes of one node do not follow each other faster than this. */
const RETRY_MS = 5_000;

const leaseResource = ({ namespace, release }: LeaseHome): Resource<string, AgentLease> => ({
  path: leasesPath(namespace),
  fieldSelector: '',
  message: undefined,
  neverNone: false,
  keyOf: (raw) => asText(asObject(raw['metadata'])['name']),
  trim(raw) {
    const lease = readLease(raw);
    return lease?.release === release ? lease : undefined;
  },
  same: (one, other) => one.resourceVersion === other.resourceVersion,
});

const NODES: Resource<string, NodeState> = {
  path: '/api/v1/nodes',
  fieldSelector: '',
  message: undefined,
  neverNone: false,
  keyOf: (raw) => asText(asObject(raw['metadata'])['name']),
  trim: readNode,
  same: sameNode,
};

/** What the controller knows and did of one node. */
interface NodeWork {
  verdict: NodeVerdict | undefined;
  pods: readonly AgentPod[] | undefined;
  /** Clock.now() from which its agent's pods are read again, its own pods marked again, its condition and its taint written again. */
  lookAt: number;
  markAt: number;
  writeAt: number;
  taintAt: number;
  /** The status of the last Event. */
  told: string | undefined;
}

export const startController = (deps: ControllerDeps): Controller => {
  const { clock, random, home, nodeSelector, startupTaint, isLeader, events, metrics, log } = deps;
  const connection = shareConnection(deps.connect);
  const stopping = new AbortController();
  const { signal } = stopping;
  const works = new Map<string, NodeWork>();
  let trouble: string | undefined;

  const reflect = <T>(resource: Resource<string, T>): Reflector<string, T> =>
    createReflector(resource, {
      connection: connection.current,
      reconnect: connection.drop,
      clock,
      random,
      timing: DEFAULT_TIMING,
      intern: createIntern(),
      beginning: undefined,
      onTrouble(words) {
        if (words === undefined) log.info('watching works again', { path: resource.path });
        else log.warn('cannot watch', { path: resource.path, trouble: words });
      },
    });
  const leases = reflect(leaseResource(home));
  const nodes = reflect(NODES);
  const ages = createLeaseAges(clock, () => leases.status().lastHeardAt);

  const noteTrouble = (error: unknown): void => {
    const words = describeFailure(error);
    if (words !== trouble && !signal.aborted) log.warn('a request failed; trying again', { trouble: words });
    trouble = words;
  };

  const workOf = (name: string): NodeWork => {
    const known = works.get(name);
    if (known !== undefined) return known;
    const condition = nodes.objects.get(name)?.condition;
    const work = {
      verdict: undefined,
      pods: undefined,
      lookAt: 0,
      markAt: 0,
      writeAt: 0,
      taintAt: 0,
      told: condition?.status,
    };
    works.set(name, work);
    return work;
  };

  const isWanted = ({ labels }: NodeState): boolean =>
    [...nodeSelector].every(([key, value]) => labels.get(key) === value);

  const request = async (
    what: 'node' | 'pod' | 'taint',
    ask: (current: ApiConnection) => Promise<void>,
  ): Promise<boolean> => {
    await wait(clock, PACE_MS, signal);
    try {
      await connection.use(ask);
      metrics.recordWrite(what, true);
      return true;
    } catch (error) {
      // 404 and 409: it is gone, or changed meanwhile.
      const isMoot = error instanceof ApiError && [404, 409].includes(error.code);
      metrics.recordWrite(what, isMoot);
      if (!isMoot) noteTrouble(error);
      return false;
    }
  };

  /** Judges a node; the last verdict stays while nothing is known. */
  const judge = async (node: string, work: NodeWork): Promise<void> => {
    const lease = leases.objects.get(leaseName(home, node));
    ages.note(node, lease?.resourceVersion);
    const isStale = ages.isStale(node, LEASE_SECONDS * 1000);
    if (lease !== undefined && !isStale) {
      // A stored Lease may be of an agent that was silent before this replica began.
      if (!ages.hasRenewed(node)) return;
      Object.assign(work, { verdict: judgeLease(lease), pods: undefined, lookAt: 0, markAt: 0 });
      return;
    }
    if (!isStale) return;
    if (clock.now() >= work.lookAt && isLeader()) {
      work.lookAt = clock.now() + LOOK_AGAIN_MS;
      try {
        const raws = await connection.use((current) => listAgentPods(current, home.namespace, node, signal));
        work.pods = raws.map(readAgentPod);
      } catch (error) {
        noteTrouble(error);
      }
    }
    work.verdict = judgeSilence(work.pods);
  };

  const tell = (node: string, work: NodeWork, { status, reason, message }: NodeVerdict): void => {
    const action = 'Inspect';
    // A node that starts has an agent that does not enforce yet.
    const isStart = work.told === undefined && status === 'False';
    if (status !== 'True' && !isStart) {
      events.stand(node, [
        { node, type: 'Warning', reason: 'NodeNotEnforcing', action, note: `${reason}: ${message}` },
      ]);
      log.warn('a node does not enforce', { node, reason, message });
    } else if (status === 'True') {
      events.stand(node, []);
      if (work.told !== undefined && work.told !== 'True') {
        events.tell({ node, type: 'Normal', reason: 'NodeEnforcing', action, note: message });
        log.info('a node enforces again', { node, reason });
      }
    }
    work.told = status;
  };

  const writeCondition = async (node: NodeState, work: NodeWork, verdict: NodeVerdict): Promise<void> => {
    const { condition } = node;
    const isSame = condition?.status === verdict.status && condition.reason === verdict.reason;
    if (isSame && condition.message === verdict.message) {
      // Told by the leader before, or by this one before it ended.
      if (work.told !== verdict.status) tell(node.name, work, verdict);
      return;
    }
    if (clock.now() < work.writeAt) return;
    work.writeAt = clock.now() + RETRY_MS;
    const wall = clock.wall();
    const since = condition?.status === verdict.status ? undefined : wall;
    const isDone = await request('node', (current) =>
      writeNodeCondition(current, node.name, verdict, { wall, since, signal }),
    );
    if (!isDone) return;
    if (isSame) work.writeAt = clock.now() + MESSAGE_MS;
    else tell(node.name, work, verdict);
  };

  /** Takes back what the pods of a node say, since nobody vouches for it. */
  const markPods = async (node: string, work: NodeWork): Promise<void> => {
    if (clock.now() < work.markAt) return;
    work.markAt = clock.now() + LOOK_AGAIN_MS;
    try {
      const pods = await connection.use((current) => listClaimingPods(current, node, signal));
      for (const pod of pods) {
        ages.note(node, leases.objects.get(leaseName(home, node))?.resourceVersion);
        if (!ages.isStale(node, LEASE_SECONDS * 1000) || !isLeader()) return;
        await request('pod', (current) => markPod(current, pod, clock.wall(), signal));
      }
    } catch (error) {
      noteTrouble(error);
    }
  };

  const work = async (node: NodeState): Promise<void> => {
    const now = workOf(node.name);
    await judge(node.name, now);
    const { verdict } = now;
    if (!isLeader()) {
      // The leader tells what it writes.
      now.told = node.condition?.status;
      return;
    }
    if (verdict === undefined) return;
    await writeCondition(node, now, verdict);
    if (verdict.status === 'Unknown') await markPods(node.name, now);
    if (startupTaint && node.hasStartupTaint && verdict.status === 'True' && clock.now() >= now.taintAt) {
      now.taintAt = clock.now() + RETRY_MS;
      await request('taint', (current) => removeStartupTaint(current, node.name, signal));
    }
  };

  const hasSynced = (): boolean => leases.status().synced && nodes.status().synced;

  const pass = async (): Promise<void> => {
    if (!hasSynced()) return;
    for (const node of [...nodes.objects.values()].filter(isWanted)) {
      if (signal.aborted) return;
      await work(node);
    }
    for (const name of [...works.keys()]) {
      if (nodes.objects.has(name)) continue;
      works.delete(name);
      ages.forget(name);
      events.stand(name, []);
    }
  };

  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await pass().catch(noteTrouble);
      await wait(clock, TICK_MS, signal);
    }
  };
  const running = Promise.all([leases.run(() => undefined, signal), nodes.run(() => undefined, signal), loop()]);

  return {
    hasSynced,
    nodes: () =>
      [...works].flatMap(([node, { verdict }]) =>
        verdict === undefined ? [] : [{ node, status: verdict.status, reason: verdict.reason }],
      ),
    async stop() {
      stopping.abort();
      await running;
    },
  };
};
