import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { createPortSets } from '../../src/reach/port-sets.ts';
import { differenceOf, type ReachDifference } from '../../src/reach/difference.ts';
import { eachPod } from '../../src/reach/workloads.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { addressOutside, describeRange } from '../../src/trace/outside.ts';
import { describePorts, isEmpty, type PortSet, subtractPorts } from '../../src/trace/port-set.ts';
import { familyOf } from '../../src/policy/cidr.ts';
import { askedPods, FAMILIES, reachOf } from './pairwise.ts';

/** What is compared of a change: `ipv4 a/x > b/y + TCP 80`. */
export type ChangeText = string;

const textsOf = (family: string, ends: string, opened: PortSet, closed: PortSet): readonly ChangeText[] => [
  ...(isEmpty(opened) ? [] : [`${family} ${ends} + ${describePorts(opened)}`]),
  ...(isEmpty(closed) ? [] : [`${family} ${ends} - ${describePorts(closed)}`]),
];

/** The difference of two matrices that ask pair by pair, of pods that are in both states. */
export const naiveDifference = (before: ClusterSnapshot, after: ClusterSnapshot): readonly ChangeText[] => {
  const [first, second] = [before, after].map((snapshot) => ({
    pods: new Map(askedPods(snapshot).map((pod) => [`${pod.namespace}/${pod.name}`, pod])),
    reach: createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values()).reach,
  }));
  if (first === undefined || second === undefined) return [];
  const names = [...first.pods.keys()].filter((name) => second.pods.has(name));
  const ipOf = (side: typeof first, name: string, family: string): string | undefined =>
    side.pods.get(name)?.ips.find((ip) => familyOf(ip) === family);
  return FAMILIES.flatMap((family) =>
    names.flatMap((from) =>
      names.flatMap((to) => {
        const [source, target] = [ipOf(first, from, family), ipOf(first, to, family)];
        const [newSource, newTarget] = [ipOf(second, from, family), ipOf(second, to, family)];
        if (from === to || source === undefined || target === undefined) return [];
        if (newSource === undefined || newTarget === undefined) return [];
        const [was, is] = [first.reach(source, target).ports, second.reach(newSource, newTarget).ports];
        return textsOf(family, `${from} > ${to}`, subtractPorts(is, was), subtractPorts(was, is));
      }),
    ),
  ).sort();
};

/** The difference as the product works it out, each pod a workload of its own. */
export const classDifference = (before: ClusterSnapshot, after: ClusterSnapshot): ReachDifference => {
  const portSets = createPortSets();
  const [first, second] = [before, after].map((snapshot) => ({
    reach: reachOf(snapshot, portSets),
    pods: askedPods(snapshot),
    workloadOf: eachPod,
  }));
  if (first === undefined || second === undefined) throw new TypeError('two states are compared');
  return differenceOf(first, second);
};

/** Its changes between pods. */
export const podChanges = ({ changes }: ReachDifference): readonly ChangeText[] =>
  changes
    .flatMap(({ from, to, family, opened, closed }) =>
      from === undefined || to === undefined ? [] : textsOf(family, `${from} > ${to}`, opened, closed),
    )
    .sort();

/**
 * Checks each change that concerns the outside: the evaluators must agree for one address of each of its ranges.
 * @returns the mistakes, and the number of checked addresses
 */
export const outsideMistakes = (
  difference: ReachDifference,
  before: ClusterSnapshot,
  after: ClusterSnapshot,
): { readonly wrong: readonly string[]; readonly asked: number } => {
  const inside = new Set([before, after].flatMap(askedPods).flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs]));
  const sides = [before, after].map((snapshot) => ({
    pods: new Map(askedPods(snapshot).map((pod) => [`${pod.namespace}/${pod.name}`, pod])),
    reach: createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values()).reach,
  }));
  const wrong: string[] = [];
  let asked = 0;
  for (const { from, to, family, ranges, opened, closed } of difference.changes) {
    for (const range of ranges ?? []) {
      const outside = addressOutside(range, inside);
      if (outside === undefined) continue;
      const [was, is] = sides.map(({ pods, reach }) => {
        const ip = pods.get(from ?? to ?? '')?.ips.find((each) => familyOf(each) === family) ?? '';
        return (from === undefined ? reach(outside, ip) : reach(ip, outside)).ports;
      });
      if (was === undefined || is === undefined) continue;
      asked += 1;
      const [plus, minus] = [subtractPorts(is, was), subtractPorts(was, is)].map(describePorts);
      if (plus !== describePorts(opened) || minus !== describePorts(closed)) {
        wrong.push(`${family} ${from ?? 'outside'} > ${to ?? 'outside'} ${describeRange(range)}: +${plus} -${minus}`);
      }
    }
  }
  return { wrong, asked };
};
