import { iptablesProgram } from '../../../src/lab/service.ts';
import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';
import type { AgentStart, Caller, PolicedNode } from '../../support/lab/policed-node.ts';
import type { Condition, Holds, Place } from '../condition.ts';
import { differenceOf, type NodeState, readNodeState } from './node-state.ts';

/** The checks, in this order; a condition that cannot begin while an agent runs lacks some. */
export type Check =
  | 'comes'
  | 'first start'
  | 'change'
  | 'repair'
  | 'restart'
  | 'once'
  | 'told'
  | 'clean-up'
  | 'untouched'
  | 'ends';

/** A busy machine is no strange one: times are in the report, and are limited by tests of their own. */
const WITHIN_MS = 60_000;
const END_MS = 60_000;
/** No answer within this time counts as a refusal. */
const REFUSED_MS = 400;
/** The server ends a connection that says nothing for half a minute. */
const TALK_MS = 3_000;
/** Number of attempts in a row that must be denied. */
const LOOKS = 2;

const goodIn = (holds: Holds): readonly IpFamily[] => (holds.kind === 'part' ? holds.good : IP_FAMILIES);

/** What goes through one condition on one node. */
export interface Trial {
  readonly condition: Condition;
  readonly holds: Holds;
  readonly node: PolicedNode;
  readonly place: Place;
  readonly faults: string[];
  readonly seconds: Partial<Record<Check, number>>;
  /** Runs a check and notes what it returns: what does not hold. What it throws ends the trial. */
  check(name: Check, run: () => Promise<readonly string[]>): Promise<void>;
}

const others = (allowed: readonly Caller[]): readonly Caller[] =>
  (['client', 'stranger'] as const).filter((name) => !allowed.includes(name));

/** Waits until exactly these get through, and looks some times more at those that must not. */
export const untilOnly = async ({ node, holds, condition }: Trial, ...allowed: readonly Caller[]): Promise<void> => {
  const good = goodIn(holds);
  const isDenied = async (): Promise<boolean> => {
    const outcomes = await Promise.all(others(allowed).map((from) => node.probe(from, good, REFUSED_MS)));
    return outcomes.flat().every((outcome) => outcome !== 'open');
  };
  const isSo = async (): Promise<boolean> => {
    if (!(await isDenied())) return false;
    if (holds.kind === 'closed') return true;
    const outcomes = await Promise.all(allowed.map((from) => node.probe(from, good)));
    return outcomes.flat().every((outcome) => outcome === 'open');
  };
  await node.until(`${allowed.join(' and ')} alone to get through`, isSo, WITHIN_MS);
  for (let look = 0; look < LOOKS && condition.gaps === undefined; look += 1) {
    if (!(await isDenied())) throw new Error(`${others(allowed).join(' and ')} got through after having been kept out`);
  }
};

/** The stranger is let in, connects, and is denied: its connections end, and the client's do not. */
export const changeUnderConnections = async (trial: Trial, lay?: () => Promise<void>): Promise<void> => {
  const { node, holds } = trial;
  if (holds.kind === 'closed' && lay === undefined) return;
  await node.putPolicy('client', 'stranger');
  await untilOnly(trial, 'client', 'stranger');
  const [cut, kept] = await Promise.all(
    (['stranger', 'client'] as const).map((from) =>
      Promise.all(goodIn(holds).map((family) => node.connect(from, family))),
    ),
  );
  const talking = setInterval(() => {
    for (const ask of [cut, kept].flat()) void ask?.().catch(() => false);
  }, TALK_MS);
  try {
    await lay?.();
    await node.putPolicy('client');
    await untilOnly(trial, 'client');
  } finally {
    clearInterval(talking);
  }
  if (holds.kind === 'closed' || trial.condition.gaps === true) return;
  const areCut = async (): Promise<boolean> => !(await Promise.all((cut ?? []).map((is) => is()))).includes(true);
  const isTold = holds.kind === 'part' && holds.part === 'live connections';
  if (!isTold) await node.until('the live connections to be cut', areCut, WITHIN_MS);
  const goesOn = async (): Promise<boolean> => !(await Promise.all((kept ?? []).map((is) => is()))).includes(false);
  await node.until('the allowed connections to go on', goesOn, WITHIN_MS);
};

/** Somebody empties the chain that all packets come to. */
export const repair = async (trial: Trial): Promise<void> => {
  const { node, condition } = trial;
  const chain = 'PORTCULLIS-FORWARD';
  const table = condition.name === 'lacking/security-table' ? 'filter' : 'security';
  for (const family of goodIn(trial.holds)) {
    const program = iptablesProgram(family, node.backend, '');
    await node.run(program, ['-w', '60', '-t', table, '-F', chain], { timeoutMs: 90_000 }).catch((error: unknown) => {
      // Where others take it away all the time it may be gone just now.
      if (condition.gaps === undefined) throw error;
    });
  }
  await untilOnly(trial, 'client');
};

/** Nothing of ours is left. */
export const expectClean = async ({ node }: Trial): Promise<readonly string[]> =>
  differenceOf('cleanup leaves of ours', (await readNodeState(node)).ours, []);

/** What others have is as it was before. */
export const expectUntouched = ({ condition }: Trial, now: NodeState, before: NodeState): readonly string[] =>
  condition.restless === true ? [] : differenceOf('what others have', now.theirs, before.theirs);

interface Status {
  readonly notInForce?: readonly { readonly part: string }[];
}

/** Health and status say what is in force, and nothing more. */
export const expectTold = async ({ node, holds }: Trial): Promise<readonly string[]> => {
  if (holds.kind === 'closed') return [];
  const code = holds.kind === 'part' ? holds.code : 200;
  const wanted = holds.kind === 'part' ? [holds.part] : [];
  let seen = '';
  const said = node.until(
    'health and status to say so',
    async () => {
      const ready = await node.get('readyz');
      const { text } = await node.get('healthz');
      const { notInForce = [] } = JSON.parse((await node.get('status')).text) as Status;
      const parts = notInForce.map(({ part }) => part);
      seen = `/readyz ${ready.code} ${ready.text.trim()}, /healthz ${text.trim()}, not in force: ${parts.join()}`;
      const isWhole = text === 'ok\n' && ready.text === 'ok\n';
      const isSaid = wanted.length === 0 ? isWhole : wanted.every((part) => text.includes(`${part} is not in force`));
      return ready.code === code && isSaid && parts.join() === wanted.join();
    },
    WITHIN_MS,
  );
  return said.then(
    () => [],
    () => [`it says: ${seen}`],
  );
};

/** The agent says why it cannot work, and ends. */
export const expectEnd = async ({ node, holds }: Trial, settings: AgentStart): Promise<readonly string[]> => {
  if (holds.kind !== 'ends') return [];
  const agent = await node.start(settings);
  const late = setTimeout(() => agent.signal('SIGKILL'), END_MS);
  const { code } = await agent.ended;
  clearTimeout(late);
  const log = node.log().join('\n');
  return [
    ...(code === 1 ? [] : [`it ended with ${code}`]),
    ...(holds.told.test(log) ? [] : [`it did not tell ${String(holds.told)}: ${log.slice(-300)}`]),
    ...(log.includes('policy is in force') ? ['it said that policy is in force'] : []),
  ];
};
