import { Counter, Gauge, Registry } from 'prom-client';
import type { EventOutcome } from '../model/operator-event.ts';
import type { Exposition } from './metrics.ts';

/** A node in the metrics of the controller. */
export interface NodeSample {
  readonly node: string;
  readonly status: string;
  readonly reason: string;
}

/** The controller's metrics. docs/operating.md lists them. */
export interface ControllerMetrics {
  recordWrite(what: 'node' | 'pod' | 'taint', isDone: boolean): void;
  recordEvent(outcome: EventOutcome): void;
  expose(): Promise<Exposition>;
}

/** Maximum nodes with a series of their own; the totals count them all. */
const MOST_NAMED = 100;

/** @param isLeader and nodes are read at each scrape */
export const createControllerMetrics = (
  isLeader: () => boolean,
  nodes: () => readonly NodeSample[],
): ControllerMetrics => {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'portcullis_controller_is_leader',
    help: '1 if this replica is the one that writes.',
    registers,
    collect() {
      this.set(isLeader() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'portcullis_controller_nodes',
    help: 'Number of nodes by the status and reason of their condition PortcullisEnforcing.',
    labelNames: ['status', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { status, reason } of nodes()) this.inc({ status, reason });
    },
  });
  new Gauge({
    name: 'portcullis_controller_node_is_not_enforcing',
    help: '1 for each node whose condition PortcullisEnforcing is not True; up to 100 nodes.',
    labelNames: ['node', 'reason'],
    registers,
    collect() {
      this.reset();
      const bad = nodes().filter(({ status }) => status !== 'True');
      for (const { node, reason } of bad.slice(0, MOST_NAMED)) this.set({ node, reason }, 1);
    },
  });
  const writes = new Counter({
    name: 'portcullis_controller_writes_total',
    help: 'Number of writes to the API server, by what was written and the result.',
    labelNames: ['what', 'result'],
    registers,
  });
  for (const what of ['node', 'pod', 'taint']) for (const result of ['done', 'failed']) writes.inc({ what, result }, 0);
  const events = new Counter({
    name: 'portcullis_controller_events_total',
    help: 'Number of Kubernetes Events, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  return {
    recordWrite: (what, isDone) => {
      writes.inc({ what, result: isDone ? 'done' : 'failed' });
    },
    recordEvent: (outcome) => {
      events.inc({ outcome });
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
};
