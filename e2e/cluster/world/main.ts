import type { Server } from 'node:net';
import { describeError } from '../describe-error.ts';
import type { WorldOrder, WorldReport } from './messages.ts';
import { runCluster } from './run-cluster.ts';

/**
 * The cluster's first program of ours: started by `up` inside namespaces of its own, it runs the cluster until it is killed,
 * whereupon the kernel ends all of it.
 */

const report = (message: WorldReport): void => {
  if (process.connected) process.send?.(message);
};

const say = (line: string): void => {
  console.log(`${new Date().toISOString()} ${line}`);
  report({ kind: 'say', line });
};

/** A cluster of which a part cannot be kept running is a broken one: better none. */
const fail = (error: unknown): void => {
  const reason = describeError(error);
  console.error(reason);
  const failure: WorldReport = { kind: 'failed', reason };
  if (process.send === undefined || !process.connected) process.exit(1);
  process.send(failure, () => process.exit(1));
};

/** Nobody waits any more for a cluster that is not ready; later the end of `up` is what was meant to happen. */
const onOrphaned = (): void => {
  fail(new Error('the program that started this cluster is gone'));
};

const ready = (): void => {
  process.off('disconnect', onOrphaned);
  report({ kind: 'ready' });
};

process.once('disconnect', onOrphaned);
process.once('message', (order: WorldOrder, loopback: Server) => {
  runCluster(order, loopback, { say, ready }).catch(fail);
});
