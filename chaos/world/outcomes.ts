import { arrives } from '../../test/support/naive/evaluate.ts';
import type { NaivePacket } from '../../test/support/naive/world.ts';
import type { Expectation } from '../../test/support/lab/prober.ts';
import type { Change } from './change.ts';
import { type ChaosState, worldOf } from './state.ts';

/**
 * Every state that a reader of the API can be in on the way: objects of one kind come in the order in which they were
 * written, but the kinds come by streams of their own.
 */
const statesBetween = (before: ChaosState, changes: readonly Change[]): readonly ChaosState[] => {
  const kinds = [...Map.groupBy(changes, ({ kind }) => kind).values()];
  return kinds.reduce<readonly ChaosState[]>(
    (states, ofKind) =>
      states.flatMap((state) => {
        const reached = [state];
        for (const change of ofKind) reached.push(change.apply(reached.at(-1) ?? state));
        return reached;
      }),
    [before],
  );
};

/** What the state says of each packet. */
export const verdictsOf = (state: ChaosState, packets: readonly NaivePacket[]): readonly boolean[] => {
  const world = worldOf(state);
  return packets.map((packet) => arrives(world, packet));
};

/** What should become of the packets while the changes are made: told only where every state on the way agrees. */
export const expectBetween = (
  before: ChaosState,
  changes: readonly Change[],
  packets: readonly NaivePacket[],
): readonly Expectation[] => {
  const verdicts = statesBetween(before, changes).map((state) => verdictsOf(state, packets));
  const contested = new Set(changes.flatMap((change) => change.contested));
  return packets.map(({ from, to }, at) => {
    if (contested.has(from) || contested.has(to)) return '?';
    const first = verdicts[0]?.[at];
    if (verdicts.some((each) => each[at] !== first)) return '?';
    return first === true ? 'a' : 'd';
  });
};
