import type { EventSink, OperatorEvent } from '../../model/operator-event.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { SyncResult } from '../../reconcile/sync-result.ts';
import { describeTampering } from '../../render/describe-tampering.ts';
import { createFaultEvents } from './fault-events.ts';

export interface SyncEventsSettings {
  readonly node: string;
  readonly snapshot: () => ClusterSnapshot;
  /** Number of failures in a row that cause an event. */
  readonly failures: number;
}

const repaired = ({ tampering }: SyncResult, culprits: readonly string[]): OperatorEvent => ({
  type: 'Warning',
  reason: 'RulesChangedByOthers',
  action: 'Repair',
  note: [
    `found and repaired: ${describeTampering(tampering)}`,
    ...(culprits.length > 0 ? [`changed by ${culprits.toSorted().join(', ')}`] : []),
  ].join('; '),
});

const failing = (error: string | undefined): OperatorEvent => ({
  type: 'Warning',
  reason: 'PolicyNotInForce',
  action: 'Program',
  note: `programming the newest policy failed; the previous rules stay in force: ${error ?? 'unknown'}`,
});

const contest = (culprits: readonly string[]): OperatorEvent => ({
  type: 'Warning',
  reason: 'HookPositionContested',
  action: 'Repair',
  note: [
    "another program keeps inserting its rules before the agent's",
    ...(culprits.length > 0 ? [` (${culprits.toSorted().join(', ')})`] : []),
    ': traffic that they accept bypasses all policies until the agent regains the first position, which it does up to 30 times a minute',
  ].join(''),
});

const UNCONTESTED: OperatorEvent = {
  type: 'Normal',
  reason: 'HookPositionHeld',
  action: 'Repair',
  note: "no other program inserts rules before the agent's any more",
};

const RECOVERED: OperatorEvent = {
  type: 'Normal',
  reason: 'PolicyInForce',
  action: 'Program',
  note: 'the newest policy is in force again',
};

/** Posts events about passes of the loop. */
export const createSyncEvents = (
  events: EventSink,
  { node, snapshot, failures }: SyncEventsSettings,
): ((result: SyncResult, culprits: readonly string[]) => void) => {
  const tellFaults = createFaultEvents(events, node, snapshot);
  let failed = 0;
  let contested = false;

  return (result, culprits) => {
    if (result.drift > 0 && result.outcome !== 'failed') events.tell(repaired(result, culprits));
    if (result.contested !== contested) {
      contested = result.contested;
      events.stand('contest', contested ? [contest(culprits)] : []);
      if (!contested) events.tell(UNCONTESTED);
    }
    tellFaults(result.faults);
    if (result.outcome === 'failed') {
      failed += 1;
      if (failed === failures) events.stand('failure', [failing(result.error)]);
      return;
    }
    if (failed >= failures) {
      events.stand('failure', []);
      events.tell(RECOVERED);
    }
    failed = 0;
  };
};
