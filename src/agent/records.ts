import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { StartCompanion } from '../kernel/companion.ts';
import { createConnections } from '../kernel/conntrack.ts';
import { createNetlink, type Netlink } from '../kernel/netlink/netlink.ts';
import { hearRefusals, type RefusalListener } from '../kernel/record-port.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { IpFamily } from '../model/family.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { messageOf } from '../model/message-of.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { RECORD_GROUPS, type Recorded } from '../program/records.ts';
import { createFormerAddresses } from '../records/former-addresses.ts';
import { isWanted } from '../records/filter.ts';
import { type FlowAnswer, type FlowRequest, FLOWS_SOCKET, type RecordsStatus } from '../records/flow-request.ts';
import { createLogLines, logFields } from '../records/log-lines.ts';
import type { PortPods } from '../records/port-pods.ts';
import type { FlowRecord } from '../records/record.ts';
import { createRecorder } from '../records/recorder.ts';
import { createFlowStore } from '../records/store.ts';
import { type FlowServer, serveFlows } from './flow-server.ts';
import { createDeniedEvents } from '../telemetry/events/denied-events.ts';
import { createRate } from '../telemetry/rate.ts';
import type { AgentContext } from './context.ts';
import { createAllowedFlows } from './allowed-flows.ts';
import { createDeniedCounts, type DeniedCountsParts } from './denied-counts.ts';
import { createNodeNames } from './node-names.ts';
import { createRecordsFile } from './records-file.ts';
import { createSenders } from './senders.ts';

interface RecordsParts extends Pick<DeniedCountsParts, 'runner' | 'backend' | 'homes' | 'metrics'> {
  readonly source: ClusterSource;
  /** Programs that speak bytes. */
  readonly start: StartCompanion;
  /** For all else than reports. */
  readonly netlink: Netlink;
  /** Whose rules are in the kernel. */
  readonly families: () => readonly IpFamily[];
  /** The node is this agent's to work on. */
  readonly isOurs: () => boolean;
  /** The kernel takes rules that report packets of the family. */
  readonly isTaken: (family: IpFamily) => boolean;
  readonly policy: () => NodePolicy;
  /** The pods at the ports of bridges. */
  readonly ports: PortPods;
  readonly podsAt: (address: string) => readonly PodEndpoint[];
  /** Addresses of the node itself. */
  readonly ownAddresses: () => readonly string[];
  /** Whether no rules of an earlier agent are on the node: a wait for the group would then leave it open. */
  readonly seemsBlank: Promise<boolean>;
  /** It is known where refused packets are reported. */
  readonly onSettled: () => void;
}

/** Keeps a record of each connection that is refused. */
export interface Records {
  start(): void;
  noteChange(change: ClusterChange): void;
  noteAddressLeft(address: string, pod: PodEndpoint): void;
  /** It is known where refused packets are reported: until then no rules are made. */
  isSettled(): boolean;
  /** The group that bridges report to; undefined where no records are kept, or before it is known. */
  bridgeGroup(): number | undefined;
  /** Undefined where no records are kept. The same from the first call on. */
  recorded(family: IpFamily): Recorded | undefined;
  status(): RecordsStatus | undefined;
  /** Reads the kernel's counts of refused packets; to be called at a scrape. Never rejects. */
  count(): Promise<void>;
  /** The kernel, with these counts read before a change that resets them. */
  over(kernel: Kernel): Kernel;
  stop(): Promise<void>;
}

/** Time between two checks of whether the node is this agent's. */
const WAIT_MS = 50;
/** Number of further attempts, one a second, at the group that an agent before may still hold. */
const PATIENCE = 3;
/** Maximum time that rules wait for the group: longer than these attempts. */
const MOST_WAIT_MS = 4000;
/** Time until the agent retries a socket that it could not create. */
const RETRY_MS = 5000;
/** Lines of the log about refused packets: others are to have room beside them. */
const LINES = { burst: 50, perSecond: 5 };
const PRUNE_MS = 300_000;

export const createRecords = (context: AgentContext, parts: RecordsParts): Records => {
  const { config, clock, log, events } = context;
  const { source, start, isOurs, isTaken, policy, podsAt, ownAddresses, onSettled, metrics, runner, families } = parts;
  const now = (): number => Date.parse(clock.wall());
  const former = createFormerAddresses();
  const nodeNames = createNodeNames({ node: config.nodeName, snapshot: () => source.snapshot(), ownAddresses, clock });
  const about = { node: config.nodeName, names: { podsAt, nodeAt: nodeNames.at, former }, policy, now };
  const recorder = createRecorder(about);
  const counts = createDeniedCounts({ ...parts, isolationOf: recorder.isolationOf, clock });
  const senders = createSenders({ ports: parts.ports, node: config.nodeName, podsAt, clock });
  const store = createFlowStore({ startedAt: now() });
  const lines = createLogLines();
  const tellEvent = config.deniedEvents ? createDeniedEvents({ events, clock, podsAt }) : undefined;
  const mayTell = createRate(LINES, clock.now);
  const file =
    config.recordsDir === undefined ? undefined : createRecordsFile(config.recordsDir, store, { clock, log });
  // Of its own: a flood of refused packets is to lose no answer that the agent waits for.
  const netlink = createNetlink(start);
  let group: number | undefined;
  let used: number | undefined;
  let settled = !config.records;
  let stopped = false;
  let heard = 0;
  let lost = 0;
  let told = { heard, lost };
  let trouble: string | undefined;
  let server: FlowServer | undefined;
  let opening: Promise<void> | undefined;
  let socketTrouble: string | undefined;
  const timers = new Map<string, () => void>();

  const chooseGroup = (): number => (used ??= group ?? RECORD_GROUPS[0]);

  const settle = (): void => {
    if (settled) return;
    settled = true;
    onSettled();
  };

  const later = (name: string, ms: number, work: () => void): void => {
    timers.get(name)?.();
    if (!stopped) timers.set(name, clock.after(ms, work));
  };

  const tellLog = (record: FlowRecord): void => {
    const line = lines.take(record, clock.now());
    if (line === undefined) return;
    const passed = mayTell.take();
    if (passed === undefined) return;
    const leftOut = passed.turnedAway === 0 ? {} : { linesLeftOut: passed.turnedAway };
    log.info('connection refused', { ...logFields(line), ...leftOut });
  };

  const take = (record: FlowRecord | undefined): void => {
    if (record === undefined) return;
    store.note(record);
    server?.tell(record);
    tellLog(record);
    tellEvent?.(record);
  };

  const allowed = createAllowedFlows({
    ...about,
    connections: createConnections(runner, parts.netlink),
    families,
    clock,
    onFlow(record, isNew) {
      store.note(record);
      if (isNew) server?.tell(record);
    },
  });

  const status = (): RecordsStatus => ({
    ...store.status(),
    node: config.nodeName,
    group,
    heard,
    lost,
    notKept: file?.notKept(),
  });

  const answers = function* ({ filter, watch }: FlowRequest): Iterable<FlowAnswer> {
    yield { status: status() };
    // Who watches and names no time sees what comes.
    if (watch && filter.since === undefined) return;
    for (const revision of store.revisions(filter.since)) yield { revision };
    for (const flow of store.flows(filter.since)) if (isWanted(flow, filter)) yield { flow };
  };

  const stored = async (request: FlowRequest): Promise<Iterable<FlowAnswer>> => {
    if (request.filter.verdict !== 'denied') await allowed.refresh();
    return answers(request);
  };

  const openSocket = async (folder: string): Promise<void> => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await file?.load();
      server = await serveFlows(path.join(folder, FLOWS_SOCKET), stored, ({ filter }) =>
        filter.verdict === 'denied' ? () => undefined : allowed.watch(),
      );
    } catch (error) {
      const message = messageOf(error);
      if (message !== socketTrouble) log.warn('the records cannot be served; trying again', { folder, error: message });
      socketTrouble = message;
      later('socket', RETRY_MS, () => {
        opening = openSocket(folder);
      });
    }
  };

  const listen = (patience: number): void => {
    if (stopped) return;
    const listener: RefusalListener = {
      onPacket(packet) {
        heard += 1;
        // Drops of bridges are counted in their own table.
        if (packet.frame === undefined) counts.note(packet.family, packet.prefix);
        if (senders.isDoubtful(packet.prefix)) {
          void senders.find(packet).then((passed) => {
            take(recorder.record(packet, passed));
          });
        } else take(recorder.record(packet));
      },
      onLost(count) {
        lost += count;
      },
      onGroup(bound) {
        group = bound;
        trouble = undefined;
        settle();
      },
      onTrouble(error) {
        group = undefined;
        if (error.message !== trouble) {
          log.warn('no records of refused connections can be made; trying again', { error: error.message });
        }
        trouble = error.message;
        settle();
      },
    };
    hearRefusals(netlink, () => (used === undefined ? RECORD_GROUPS : [used]), listener, patience);
  };

  const prune = (): void => {
    store.prune(now());
    later('prune', PRUNE_MS, prune);
  };

  const work = (): void => {
    if (stopped) return;
    // Until then the group is another agent's.
    if (!isOurs()) {
      later('work', WAIT_MS, work);
      return;
    }
    // Rules with another group would all be written again. Where there are none, nothing waits.
    void parts.seemsBlank.then((isBlank) => {
      listen(isBlank ? 0 : PATIENCE);
    });
    later('settle', MOST_WAIT_MS, settle);
    prune();
    if (config.recordsDir !== undefined) opening = openSocket(config.recordsDir);
    file?.start();
    allowed.start();
  };

  return {
    start() {
      if (config.records) work();
    },
    noteChange({ kind, key }) {
      if (kind !== 'networkpolicies' || !config.records || !source.hasSynced()) return;
      const isThere = source.snapshot().policies.has(key as PolicyKey);
      store.noteRevision({ at: clock.wall(), policy: key, change: isThere ? 'set' : 'removed' });
    },
    noteAddressLeft(address, { namespace, name }) {
      if (config.records) former.note(address, { pod: `${namespace}/${name}`, until: now() });
    },
    isSettled: () => settled,
    bridgeGroup: () => (config.records && settled ? chooseGroup() : undefined),
    recorded: (family) => (config.records && isTaken(family) ? { group: chooseGroup() } : undefined),
    status: () => (config.records ? status() : undefined),
    async count() {
      metrics.recordReports('heard', heard - told.heard);
      metrics.recordReports('lost', lost - told.lost);
      told = { heard, lost };
      await counts.count();
    },
    over: (kernel) => (config.records ? counts.over(kernel) : kernel),
    async stop() {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      allowed.stop();
      await opening;
      // The next agent gets the group of the rules only once the socket is closed; with another group it would write all of them.
      await Promise.all([netlink.stop(), server?.close(), file?.stop()]);
    },
  };
};
