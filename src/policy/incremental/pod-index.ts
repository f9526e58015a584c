import type { LabelSelector } from '../../model/labels.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import { createLabelIndex } from './label-index.ts';

/** The pods that can be peers, settled, found by namespace and labels. */
export interface PodIndex {
  add(pod: PodEndpoint): void;
  /** The very object that was added. */
  remove(pod: PodEndpoint): void;
  all(): Iterable<PodEndpoint>;
  inNamespace(name: string): Iterable<PodEndpoint>;
  /** @param selector undefined selects every pod of the namespaces */
  select(namespaces: ReadonlySet<string>, selector: LabelSelector | undefined): Iterable<PodEndpoint>;
}

const NONE: ReadonlySet<PodEndpoint> = new Set();

export const createPodIndex = (): PodIndex => {
  const byNamespace = new Map<string, Set<PodEndpoint>>();
  function* all(): Generator<PodEndpoint> {
    for (const pods of byNamespace.values()) yield* pods;
  }
  const labels = createLabelIndex(all);
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
      const within = namespaces.values().flatMap(inNamespace);
      if (selector === undefined) return within;
      const matches = ({ labels: own }: PodEndpoint): boolean => selects(selector, own);
      if (namespaces.size <= 1) return within.filter(matches);
      const byLabel = labels.candidates(selector);
      return byLabel === undefined || areFewer(namespaces, byLabel.size)
        ? within.filter(matches)
        : Iterator.from(byLabel.items).filter((pod) => namespaces.has(pod.namespace) && matches(pod));
    },
  };
};
