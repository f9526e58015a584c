import { arrives, egressAllows, ingressAllows } from '../../test/support/naive/evaluate.ts';
import type { NaivePacket } from '../../test/support/naive/world.ts';
import type { Expectation } from '../../test/support/lab/prober.ts';
import { pathOf } from './addresses.ts';
import type { Change } from './change.ts';
import { type ChaosState, leftAddresses, worldOf } from './state.ts';

/**
 * Returns every state that a reader of the API can have meanwhile: objects of one kind arrive in the order of the writes, but
 * each kind arrives by its own stream.
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

/** Returns the state's verdict on each packet: `?` if it depends on what an agent remembers. */
export const verdictsOf = (state: ChaosState, packets: readonly NaivePacket[]): readonly Expectation[] => {
  const world = worldOf(state);
  const left = leftAddresses(state);
  return packets.map((packet) => {
    if (!arrives(world, packet)) return 'd';
    return left.has(packet.from) || left.has(packet.to) ? '?' : 'a';
  });
};

const sidesOf = (state: ChaosState, packet: NaivePacket): { readonly leaves: boolean; readonly enters: boolean } => {
  const world = worldOf(state);
  return { leaves: egressAllows(world, packet), enters: ingressAllows(world, packet) };
};

/**
 * Reports whether the packet passes in each combination of states on its path: a node is in one state, but two nodes
 * need not be in the same one.
 */
const passesOnTheWay = (states: readonly ChaosState[], packet: NaivePacket): readonly boolean[] => {
  const sides = states.map((state) => sidesOf(state, packet));
  if (pathOf(packet.from, packet.to).length < 2) return sides.map(({ leaves, enters }) => leaves && enters);
  return sides.flatMap(({ leaves }) => sides.map(({ enters }) => leaves && enters));
};

/** Returns the expected verdicts during the changes: only where every intermediate state agrees. */
export const expectBetween = (
  before: ChaosState,
  changes: readonly Change[],
  packets: readonly NaivePacket[],
): readonly Expectation[] => {
  const states = statesBetween(before, changes);
  const left = new Set(states.flatMap((state) => [...leftAddresses(state)]));
  const contested = new Set(changes.flatMap((change) => change.contested));
  return packets.map((packet) => {
    if (contested.has(packet.from) || contested.has(packet.to)) return '?';
    const isLeft = left.has(packet.from) || left.has(packet.to);
    const passes = passesOnTheWay(states, packet);
    if (passes.every((each) => each)) return isLeft ? '?' : 'a';
    return passes.some((each) => each) ? '?' : 'd';
  });
};
