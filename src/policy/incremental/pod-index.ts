import type { LabelSelector } from '../../model/labels.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import { createLabelIndex } from './label-index.ts';

/** The pods that can be peers, with settled addresses, found by namespace and labels. */
export interface PodIndex {
  add(pod: PodEndpoint): void;
  /** Removes a pod, given as the same object that was added. */
  remove(pod: PodEndpoint): void;
  all(): Iterable<PodEndpoint>;
  inNamespace(name: string): Iterable<PodEndpoint>;
  /** @param selector undefined selects every pod of the namespaces */
  select(namespaces: ReadonlySet<string>, selector: LabelSelector | undefined): Iterable<PodEndpoint>;
  /** Returns how many pods were compared with selectors so far. */
  looks(): number;
}

const NONE: ReadonlySet<PodEndpoint> = new Set();

export const createPodIndex = (): PodIndex => {
  const byNamespace = new Map<string, Set<PodEndpoint>>();
  function* all(): Generator<PodEndpoint> {
    for (const pods of byNamespace.values()) yield* pods;
  }
  const labels = createLabelIndex(all);
  let looks = 0;
  const inNamespace = (name: string): ReadonlySet<PodEndpoint> => byNamespace.get(name) ?? NONE;

  const areFewer = (namespaces: ReadonlySet<string>, most: number): boolean => {
    let size = 0;
    for (const name of namespaces) {
      size += inNamespace(name).size;
      if (size > most) return false;
    }
    return true;
  };

  return {
    add(pod) {
      const pods = byNamespace.get(pod.namespace);
      if (pods === undefined) byNamespace.set(pod.namespace, new Set([pod]));
      else pods.add(pod);
      labels.add(pod);
    },
    remove(pod) {
      const pods = byNamespace.get(pod.namespace);
      pods?.delete(pod);
      if (pods?.size === 0) byNamespace.delete(pod.namespace);
      labels.remove(pod);
    },
    all,
    inNamespace,
    select(namespaces, selector) {
      const selected: PodEndpoint[] = [];
      // A plain loop for speed: there may be very many pods and selectors.
      const look = (pods: Iterable<PodEndpoint>): void => {
        for (const pod of pods) {
          looks += 1;
          if (selector === undefined || selects(selector, pod.labels)) selected.push(pod);
        }
      };
      const byLabel = selector === undefined || namespaces.size <= 1 ? undefined : labels.candidates(selector);
      if (byLabel === undefined || areFewer(namespaces, byLabel.size)) {
        for (const name of namespaces) look(inNamespace(name));
        return selected;
      }
      for (const pod of byLabel.items) if (namespaces.has(pod.namespace)) look([pod]);
      return selected;
    },
    looks: () => looks,
  };
};
