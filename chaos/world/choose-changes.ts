import fc from 'fast-check';
import type { JsonLabels } from '../../test/support/naive/world.ts';
import { labels } from '../fuzz/generate/labels.ts';
import { containerPort } from '../fuzz/generate/ports.ts';
import { soundSpec } from '../fuzz/generate/policies.ts';
import type { Random } from '../random.ts';
import { ADDRESS_INDEXES, NODES, podAddresses } from './addresses.ts';
import type { Change } from './change.ts';
import { createPod, deletePod, finishPod, relabelPod } from './pod-changes.ts';
import { deletePolicy, relabelNamespace, writePolicy } from './policy-changes.ts';
import type { ChaosPod, ChaosPolicy, ChaosState } from './state.ts';

export const NAMESPACES = ['red', 'blue', 'green'] as const;

const MOST_PODS = 9;
const MOST_POLICIES = 9;
const POLICY_NAMES = ['one', 'two', 'three', 'four'] as const;

const sample = <T>(arbitrary: fc.Arbitrary<T>, random: Random): T => {
  // Takes a later sample, to get large values as well: fast-check begins with the smallest.
  const [, , last] = fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: 3 });
  if (last === undefined) throw new Error('nothing was generated');
  return last;
};

const randomLabels = (random: Random): JsonLabels => sample(labels, random);

const livePods = ({ pods }: ChaosState): readonly ChaosPod[] => [...pods.values()].filter(({ finished }) => !finished);

const newPod = (state: ChaosState, random: Random, name: string): Change => {
  const node = random.pick(NODES).name;
  const [four, six] = podAddresses(node, random.pick(ADDRESS_INDEXES));
  const ips = random.pick([[four], [six], [four, six], [four, six], [four, six]]);
  const taken = ips.filter((ip) => livePods(state).some((pod) => pod.ips.includes(ip)));
  const pod: ChaosPod = {
    namespace: random.pick(NAMESPACES),
    name,
    node,
    labels: randomLabels(random),
    ips,
    ports: sample(fc.array(containerPort, { maxLength: 3 }), random),
    finished: false,
    uid: '',
  };
  return createPod(pod, taken);
};

/** Deletes a pod and creates another one with its address. */
const heir = (pod: ChaosPod, state: ChaosState, random: Random, name: string): readonly Change[] => {
  const others = livePods(state).filter((other) => other !== pod);
  const taken = pod.ips.filter((ip) => others.some((other) => other.ips.includes(ip)));
  const next = { ...pod, namespace: random.pick(NAMESPACES), name, labels: randomLabels(random), uid: '' };
  return [random.chance(0.7) ? deletePod(pod) : finishPod(pod), createPod(next, taken)];
};

/** Adds the API server's defaults, which it would not compute again when the rules change. */
const explicitTypes = (spec: ChaosPolicy['spec']): ChaosPolicy['spec'] => {
  const { policyTypes = [], egress = [] } = spec;
  return { ...spec, policyTypes: policyTypes.length > 0 ? policyTypes : ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])] };
};

/** Chooses one change that fits the state, or two that belong together. `serial` is in no earlier name. */
export const chooseChanges = (state: ChaosState, random: Random, serial: number): readonly Change[] => {
  const pods = [...state.pods.values()];
  const live = livePods(state);
  const policies = [...state.policies.values()];
  const roll = random.next();
  if (live.length < 4 || (roll < 0.12 && pods.length < MOST_PODS)) return [newPod(state, random, `pod-${serial}`)];
  if (roll < 0.22 || pods.length > MOST_PODS) return [deletePod(random.pick(pods))];
  if (roll < 0.3) return heir(random.pick(live), state, random, `pod-${serial}`);
  if (roll < 0.34) return [finishPod(random.pick(live))];
  if (roll < 0.5) return [relabelPod(random.pick(live), randomLabels(random))];
  if (roll < 0.58) {
    const name = random.pick(NAMESPACES);
    return [relabelNamespace(name, state.namespaces.get(name) ?? {}, randomLabels(random))];
  }
  if (roll < 0.7 && policies.length > 4) return [deletePolicy(random.pick(policies))];
  const namespace = random.pick(NAMESPACES);
  const name = random.pick(POLICY_NAMES);
  const isNew = !state.policies.has(`${namespace}/${name}`);
  if (isNew && policies.length >= MOST_POLICIES) return [deletePolicy(random.pick(policies))];
  return [writePolicy({ namespace, name, spec: explicitTypes(sample(soundSpec, random)) }, isNew)];
};
