import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { usageOf } from '../agent/process-tree.ts';
import { median } from '../report/statistics.ts';
import type { SimulatedAgents } from './agents.ts';
import type { LeaseWatch } from './lease-watch.ts';

/** A Lease is renewed this often, so that a round is what a cluster does in that time. */
export const ROUND_SECONDS = 10;
const DEADLINE_MS = 300_000;

/** The cost of ten seconds in a cluster of this many nodes. */
export interface ScaleRow {
  readonly nodes: number;
  readonly writes: number;
  /** Of one watcher. */
  readonly events: number;
  readonly eventBytes: number;
  readonly writeBytes: number;
  /** Seconds of the processor, beyond what the idle program takes in ten seconds. */
  readonly serverCpu: number;
  readonly etcdCpu: number;
  readonly controllerCpu: number;
  /** Resident memory of the controller at the end, in MB. */
  readonly controllerMb: number;
}

/** The programs under measurement. */
export interface Subjects {
  readonly server: ApiServer;
  readonly agents: SimulatedAgents;
  readonly watch: LeaseWatch;
  readonly controllerPid: number;
}

interface Used {
  readonly server: number;
  readonly etcd: number;
  readonly controller: number;
  readonly at: number;
}

const etcdCpu = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1]);
};

const used = async ({ server, controllerPid }: Subjects): Promise<Used> => ({
  server: usageOf(server.pid()).cpuSeconds,
  etcd: await etcdCpu(server.etcdUrl),
  controller: usageOf(controllerPid).cpuSeconds,
  at: performance.now(),
});

/** CPU seconds per second of each program while no Lease is renewed. */
export type Rest = Omit<Used, 'at'>;

/** Measures programs at rest. To be called before there are nodes: after many writes they collect garbage for a while. */
export const measureRest = async (subjects: Subjects): Promise<Rest> => {
  const before = await used(subjects);
  await delay(ROUND_SECONDS * 1000);
  const after = await used(subjects);
  const seconds = (after.at - before.at) / 1000;
  return {
    server: (after.server - before.server) / seconds,
    etcd: (after.etcd - before.etcd) / seconds,
    controller: (after.controller - before.controller) / seconds,
  };
};

/** Measures some rounds of renewals, and returns the median of each figure. A round takes ten seconds or, on a busy machine, more. */
export const measureScale = async (subjects: Subjects, rest: Rest, rounds: number): Promise<ScaleRow> => {
  const { agents, watch, controllerPid } = subjects;
  // The garbage of what came before is collected by the end of this one.
  await agents.renewAll();
  const rows: ScaleRow[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [events, bytes] = [watch.events(), watch.bytes()];
    const before = await used(subjects);
    const [sent] = await Promise.all([agents.renewAll(), delay(ROUND_SECONDS * 1000)]);
    await waitFor('every event', DEADLINE_MS, () =>
      Promise.resolve(watch.events() - events >= sent.writes || undefined),
    );
    const after = await used(subjects);
    const seconds = (after.at - before.at) / 1000;
    const beyondRest = (what: 'server' | 'etcd' | 'controller'): number =>
      after[what] - before[what] - rest[what] * seconds;
    rows.push({
      nodes: agents.count(),
      writes: sent.writes,
      events: watch.events() - events,
      eventBytes: watch.bytes() - bytes,
      writeBytes: sent.bytes,
      serverCpu: beyondRest('server'),
      etcdCpu: beyondRest('etcd'),
      controllerCpu: beyondRest('controller'),
      controllerMb: usageOf(controllerPid).residentMb,
    });
  }
  const of = (what: keyof ScaleRow): number => median(rows.map((row) => row[what]));
  return {
    nodes: agents.count(),
    writes: of('writes'),
    events: of('events'),
    eventBytes: of('eventBytes'),
    writeBytes: of('writeBytes'),
    serverCpu: of('serverCpu'),
    etcdCpu: of('etcdCpu'),
    controllerCpu: of('controllerCpu'),
    controllerMb: of('controllerMb'),
  };
};
