import type { Direction } from '../model/direction.ts';
import type { Labels } from '../model/labels.ts';
import type { Isolation, NodePolicy } from '../policy/node-policy.ts';
import { anyPeerChain, isolationChain } from '../program/names.ts';
import { createEvaluator, type Evaluator } from '../trace/evaluator.ts';
import { explainNearest } from '../trace/explain.ts';
import { nearestMiss } from '../trace/nearest.ts';
import type { Packet } from '../trace/packet.ts';

/** The policies that refused a packet, and the nearest rule. */
export interface Why {
  /** The policies that isolate the pod, sorted. None where the pod is closed. */
  readonly policies: readonly string[];
  readonly rule?: string;
  /** The labels of the pod at the other end, where the nearest rule does not mean that pod. */
  readonly farLabels?: string;
}

/** The nearest rule of a refusal. */
export interface Nearest extends Pick<Why, 'policies' | 'rule'> {
  /** The rule does not mean the other end, whatever the port is. */
  readonly lacksPeer: boolean;
}

/** Says why policies refuse packets. */
export interface WhyFinder {
  /** The isolation whose chain this is; undefined where there is none any more. */
  isolationOf(chain: string): Isolation | undefined;
  /** Returns what refuses the packet in the direction. @throws TypeError as Evaluator.trace does */
  nearest(direction: Direction, packet: Packet): Nearest | undefined;
}

/** The chains of isolations that still are: a change of policies leaves most of them as they were. */
const known = new WeakMap<Isolation, readonly string[]>();

const chainsOf = (isolation: Isolation): readonly string[] => {
  const { direction, policies, namedPorts } = isolation;
  const names = known.get(isolation) ?? [
    isolationChain(direction, policies, namedPorts),
    anyPeerChain(direction, policies, namedPorts),
  ];
  known.set(isolation, names);
  return names;
};

/** @param policy what is in force; as live as it is itself */
export const createWhyFinder = (policy: NodePolicy): WhyFinder => {
  let evaluator: Evaluator | undefined;
  let chains: ReadonlyMap<string, Isolation> | undefined;
  const chainsNow = (): ReadonlyMap<string, Isolation> =>
    (chains ??= new Map(
      policy.isolations.flatMap((isolation) => chainsOf(isolation).map((name) => [name, isolation] as const)),
    ));
  const evaluate = (): Evaluator =>
    (evaluator ??= createEvaluator(
      policy,
      policy.isolations.flatMap(({ pods }) => pods),
    ));
  return {
    isolationOf: (chain) => chainsNow().get(chain),
    nearest(direction, packet) {
      const side = evaluate().trace(packet)[direction];
      if (side.kind !== 'denied') return undefined;
      const rule = explainNearest(side, packet);
      const miss = nearestMiss(side.misses);
      const lacksPeer = miss?.kind === 'rule' && miss.peer === undefined;
      return { policies: side.policies, lacksPeer, ...(rule === undefined ? {} : { rule }) };
    },
  };
};

/** Maximum number of labels of a pod that are shown. */
const MOST_LABELS = 4;

/** Returns the pod's values of the labels that the text names, such as `role=admin`; all of its labels if it has none of those. */
export const ownLabels = (labels: Labels, text: string): string => {
  const all = [...labels].map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const named = all.filter(({ key }) => text.includes(key));
  const shown = (named.length > 0 ? named : all).slice(0, MOST_LABELS).map((label) => label.text);
  return shown.length === 0 ? 'no labels' : shown.join(', ');
};
