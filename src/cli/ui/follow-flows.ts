import { messageOf } from '../../model/message-of.ts';
import { describeEnd } from '../../records/end.ts';
import { describeService, edgeKey, type StoredFlow } from '../../records/record.ts';
import type { MergedFlows } from '../plugin/ask-flows.ts';
import type { EventLog } from './event-log.ts';

/** What the agents of a cluster recorded, asked again and again. */
export interface FlowsFollower {
  flows(): readonly StoredFlow[];
  /** Whether any agent has answered. */
  hasAnswered(): boolean;
  /** What is missing or off, for people. */
  problems(): readonly string[];
  stop(): void;
}

export interface FollowFlowsDeps {
  /** Asks all agents. */
  readonly ask: () => Promise<MergedFlows>;
  /** Gets refusals, and the changes of policies before the start. */
  readonly log: EventLog;
  /** In ms since the epoch. */
  readonly now: () => number;
  readonly onChange: () => void;
}

/** The next round begins after this time, and after PATIENCE times what the answers took: asking costs them work. */
const PAUSE_MS = 10_000;
const PATIENCE = 5;
/** A record that is newer than this machine's clock by more comes from a clock that is ahead. */
const SKEW_MS = 5_000;
/** Refusals of one answer that become events: the newest. */
const MOST_EVENTS = 300;

/** Returns a sentence for each node that did not answer, or whose clock is ahead. @param now in ms since the epoch */
export const problemsOf = ({ nodes, flows }: MergedFlows, now: number): readonly string[] => {
  const ahead = new Map<string, number>();
  for (const { node, at } of flows) ahead.set(node, Math.max(Date.parse(at) - now, ahead.get(node) ?? 0));
  return [
    ...nodes.flatMap((node) =>
      'error' in node
        ? [`node ${node.node} does not answer (${node.error}): what its pods were refused is not shown`]
        : [],
    ),
    ...[...ahead].flatMap(([node, by]) =>
      by > SKEW_MS
        ? [
            `the clock of node ${node} is ${Math.round(by / 1000)} s ahead of this machine's: times of its connections are off`,
          ]
        : [],
    ),
  ];
};

const textOf = (flow: StoredFlow): string => {
  const at = Date.parse(flow.at);
  return `${describeEnd(flow.source, at)} → ${describeEnd(flow.destination, at)} ${describeService(flow)}: refused`;
};

export const followFlows = ({ ask, log, now, onChange }: FollowFlowsDeps): FlowsFollower => {
  const startedAt = now();
  const told = new Set<string>();
  let newest: MergedFlows | undefined;
  let trouble: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;

  const noteEvents = ({ flows, policies }: MergedFlows): void => {
    const refused = flows.filter((flow) => flow.verdict === 'denied' && !told.has(edgeKey(flow)));
    for (const flow of refused.slice(-MOST_EVENTS)) {
      if (told.has(edgeKey(flow))) continue;
      told.add(edgeKey(flow));
      log.add('refused', textOf(flow), Date.parse(flow.since));
    }
    // Later changes are noted as the page sees them.
    for (const { policy, change, at } of policies) {
      const key = `${policy} ${at}`;
      if (Date.parse(at) >= startedAt || told.has(key)) continue;
      told.add(key);
      log.add('policy', `policy ${policy} ${change === 'set' ? 'created or changed' : 'deleted'}`, Date.parse(at));
    }
  };

  const round = async (): Promise<void> => {
    const begun = now();
    try {
      newest = await ask();
      trouble = undefined;
      noteEvents(newest);
    } catch (error) {
      trouble = `the agents cannot be reached, so no connection of theirs is shown: ${messageOf(error)}`;
    }
    if (isStopped) return;
    onChange();
    timer = setTimeout(() => void round(), Math.max(PAUSE_MS, PATIENCE * (now() - begun)));
  };
  void round();

  return {
    flows: () => newest?.flows ?? [],
    hasAnswered: () => newest?.nodes.some((node) => !('error' in node)) === true,
    problems: () => [
      ...(trouble === undefined ? [] : [trouble]),
      ...(newest === undefined ? [] : problemsOf(newest, now())),
    ],
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
};
