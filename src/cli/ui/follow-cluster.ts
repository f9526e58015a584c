import type { ClusterSource } from '../../cluster/source.ts';
import { factsOf } from '../../page/cluster.ts';
import type { Entry } from '../../page/entries.ts';
import type { PageServer } from '../../page-server/page-server.ts';
import { eachPod, type WorkloadOf } from '../../reach/workloads.ts';
import type { EventLog } from './event-log.ts';
import type { FlowsFollower } from './follow-flows.ts';
import { seenFlows } from './seen-flows.ts';
import { problemEntry } from './page-entries.ts';

/** A busy cluster changes more often than anybody looks. */
const PUBLISH_MS = 250;

/** Returns the workload that the pod's own object tells. */
const workloadOf: WorkloadOf = (pod) => {
  const [kind = '', name = ''] = pod.workload?.split('/', 2) ?? [];
  return kind === '' || name === '' || kind === 'Node' ? eachPod(pod) : { kind, name };
};

/**
 * Publishes the newest state of a cluster, which is only read.
 * @param follow starts to ask the agents for what they recorded; absent where the page shows no records
 * @returns a function that ends it
 */
export const followCluster = (
  source: ClusterSource,
  title: string,
  log: EventLog,
  server: Pick<PageServer, 'publish'>,
  follow?: (onChange: () => void) => FlowsFollower,
): (() => Promise<void>) => {
  let isChanged = false;
  let told = '';
  const agents = follow?.(() => {
    isChanged = true;
  });
  const look = (): void => {
    const troubles = Object.entries(source.status()).flatMap(([kind, { trouble }]) =>
      trouble === undefined ? [] : [`${kind} cannot be read, so what is shown of them is old or missing: ${trouble}`],
    );
    if (!isChanged && troubles.join('\n') === told) return;
    isChanged = false;
    told = troubles.join('\n');
    const snapshot = source.snapshot();
    if (source.hasSynced()) log.note(snapshot);
    const entries: readonly Entry[] = [
      ...(source.hasSynced() ? factsOf(snapshot, workloadOf) : []),
      ...(agents === undefined ? [] : seenFlows(agents.flows(), snapshot.pods)),
      ...[...troubles, ...(agents?.problems() ?? [])].map(problemEntry),
      ...log.events(),
    ];
    server.publish({ title, mode: 'cluster', observes: agents?.hasAnswered() === true }, entries);
  };
  source.start(() => {
    isChanged = true;
  });
  const timer = setInterval(look, PUBLISH_MS);
  return async () => {
    clearInterval(timer);
    agents?.stop();
    await source.stop();
  };
};
