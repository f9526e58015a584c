import type { Server } from 'node:net';
import { describeError } from '../describe-error.ts';
import type { WorldOrder, WorldReport } from './messages.ts';
import { runCluster } from './run-cluster.ts';

/**
 * The first program of ours in the cluster: `up` starts it inside namespaces of its own, and it runs the cluster until
 * it is killed; then the kernel ends everything.
 */

const report = (message: WorldReport): void => {
  if (process.connected) process.send?.(message);
};

const say = (line: string): void => {
  console.log(`${new Date().toISOString()} ${line}`);
  report({ kind: 'say', line });
};

/** Ends the cluster: one with a part that does not keep running is worse than none. */
const fail = (error: unknown): void => {
  const reason = describeError(error);
  console.error(reason);
  const failure: WorldReport = { kind: 'failed', reason };
  if (process.send === undefined || !process.connected) process.exit(1);
  process.send(failure, () => process.exit(1));
};

/** Ends an orphaned cluster that is not ready; a ready one outlives `up` by design. */
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
