import type { IptablesBackend } from '../../../src/lab/settings.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { openPolicedNode, type PolicedNode } from '../../support/lab/policed-node.ts';
import { jumpsTwiceIn } from '../../support/lab/ruleset-lines.ts';
import { ALL, type Condition, type Place } from '../condition.ts';
import type { DebianTools, Release } from '../tools/debian-tools.ts';
import {
  changeUnderConnections,
  type Check,
  expectClean,
  expectEnd,
  expectTold,
  expectUntouched,
  repair,
  type Trial,
  untilOnly,
} from './checks.ts';
import { createPlace, type OpenPlace } from './place.ts';
import { differenceOf, type NodeState, readNodeState } from './node-state.ts';
import { messageOf } from '../../../src/model/message-of.ts';

export interface Row {
  readonly condition: string;
  readonly backend: IptablesBackend;
  readonly outcome: 'holds' | 'does not hold' | 'not made';
  /** What did not hold, or why it could not be made. */
  readonly why: readonly string[];
  /** The checks, and the seconds that each took. */
  readonly seconds: Readonly<Partial<Record<Check, number>>>;
}

/** The condition cannot be made on this machine. */
class NotMadeError extends Error {}

/** For a check that throws what it finds. */
const nothingOf = (done: Promise<void>): Promise<readonly string[]> => done.then(() => []);

/** The condition comes while an agent runs. @returns the rules of ours on a plain node, for the policy of the client alone */
const tryWhileAgentRuns = async (trial: Trial): Promise<NodeState> => {
  const { node, condition, place } = trial;
  const isThereBefore = condition.lay === undefined || condition.agent !== undefined;
  if (isThereBefore && condition.differs === true) return { ours: [], theirs: [] };
  await node.putPolicy('client');
  await node.start();
  await node.untilStarted();
  await untilOnly({ ...trial, holds: ALL }, 'client');
  const plain = await readNodeState(node);
  if (isThereBefore) {
    await node.end();
    await node.cleanup();
    return plain;
  }
  let before = plain;
  const lay = async (): Promise<void> => {
    await layNow(condition, place);
    before = await readNodeState(node);
  };
  await trial.check('comes', async () => {
    await changeUnderConnections(trial, lay);
    await repair(trial);
    const end = await node.end();
    if (end?.code !== 0) return [`the agent ended with ${String(end?.code)}`];
    await node.cleanup();
    return [...(await expectClean(trial)), ...expectUntouched(trial, await readNodeState(node), before)];
  });
  return plain;
};

const layNow = async ({ lay }: Condition, place: Place): Promise<void> => {
  await lay?.(place).catch((cause: unknown) => {
    throw new NotMadeError(messageOf(cause), { cause });
  });
};

/** The condition is there before the agent, as after a reboot of the node. */
const tryFromTheStart = async (trial: Trial, plain: NodeState): Promise<void> => {
  const { node, condition, place, holds } = trial;
  if (condition.lay !== undefined && condition.agent !== undefined) await layNow(condition, place);
  const settings = (await condition.agent?.(place)) ?? {};
  const before = await readNodeState(node);
  if (holds.kind === 'ends') {
    await trial.check('ends', () => expectEnd(trial, settings));
    return;
  }
  await node.putPolicy('client');
  await trial.check('first start', async () => {
    await node.start(settings);
    await node.untilStarted();
    return nothingOf(untilOnly(trial, 'client'));
  });
  await trial.check('change', () => nothingOf(changeUnderConnections(trial)));
  await trial.check('repair', () => nothingOf(repair(trial)));
  await trial.check('restart', async () => {
    await node.end('SIGKILL');
    await node.putPolicy('stranger');
    await node.start(settings);
    await untilOnly(trial, 'stranger');
    await node.putPolicy('client');
    return nothingOf(untilOnly(trial, 'client'));
  });
  await trial.check('told', () => expectTold(trial));
  await trial.check('once', async () => {
    const now = await readNodeState(node);
    return [
      ...jumpsTwiceIn(now.ours).map((line) => `twice: ${line}`),
      ...(condition.differs === true ? [] : differenceOf('rules of ours', now.ours, plain.ours)),
    ];
  });
  await trial.check('clean-up', async () => {
    await node.end();
    // If the agent cannot read a family it must report that; the owner of the tools ends the condition.
    const said = await node.cleanup(settings).then(
      () => '',
      (error: unknown) => String(error),
    );
    if (said !== '' && holds.kind !== 'part') return [`cleanup failed: ${said}`];
    if (said !== '') await node.cleanup();
    return expectClean(trial);
  });
  await trial.check('untouched', async () => expectUntouched(trial, await readNodeState(node), before));
};

const createTrial = (condition: Condition, node: PolicedNode, place: Place): Trial => {
  const faults: string[] = [];
  const seconds: Partial<Record<Check, number>> = {};
  return {
    condition,
    holds: condition.holds ?? ALL,
    node,
    place,
    faults,
    seconds,
    async check(name, run) {
      const startedAt = performance.now();
      try {
        faults.push(...(await run()).map((fault) => `${name}: ${fault}`));
      } finally {
        seconds[name] = (performance.now() - startedAt) / 1000;
      }
    },
  };
};

/** Makes a node in the condition, looks at all that must hold, and takes the node down. */
export const tryCondition = async (
  condition: Condition,
  backend: IptablesBackend,
  tools: ReadonlyMap<Release, DebianTools>,
): Promise<Row> => {
  const lacks = condition.needs?.find((release) => !tools.has(release));
  const told = { condition: condition.name, backend };
  if (lacks !== undefined) return { ...told, outcome: 'not made', why: [`no tools of ${lacks}`], seconds: {} };
  const node = await openPolicedNode(backend);
  const place: OpenPlace = createPlace(node, backend, tools);
  const trial = createTrial(condition, node, place);
  const { faults, seconds } = trial;
  try {
    await tryFromTheStart(trial, await tryWhileAgentRuns(trial));
  } catch (error) {
    const message = messageOf(error);
    if (error instanceof NotMadeError) return { ...told, outcome: 'not made', why: [message], seconds };
    faults.push(`${Object.keys(seconds).at(-1) ?? 'plain node'}: ${message}`);
  } finally {
    await cleanUp(
      () => node.end(),
      () => place.close(),
      () => node.close(),
    );
  }
  return { ...told, outcome: faults.length === 0 ? 'holds' : 'does not hold', why: faults, seconds };
};
