import type { LabelSelector } from '../../model/labels.ts';
import type { NamespaceEntry } from '../../model/namespace.ts';
import { selectorKey, selects } from '../selector.ts';
import { createLabelIndex } from './pod-index.ts';

/** The namespaces that a selector selects; kept up to date while it is followed. */
export interface Selection {
  readonly selector: LabelSelector;
  readonly names: ReadonlySet<string>;
}

/** The namespaces of the cluster. */
export interface NamespaceIndex {
  get(name: string): NamespaceEntry | undefined;
  names(): Iterable<string>;
  /** Returns the same selection for equal selectors. */
  follow(selector: LabelSelector): Selection;
  unfollow(selection: Selection): void;
  /** Adds, changes or removes a namespace. @returns the selections that it entered or left */
  change(name: string, entry: NamespaceEntry | undefined): readonly Selection[];
}

interface OpenSelection extends Selection {
  readonly names: Set<string>;
}

export const createNamespaceIndex = (): NamespaceIndex => {
  const entries = new Map<string, NamespaceEntry>();
  const labels = createLabelIndex(() => entries.values());
  const followed = new Map<string, OpenSelection>();

  const namesOf = (selector: LabelSelector): Set<string> => {
    const names = new Set<string>();
    for (const entry of labels.candidates(selector)?.items ?? entries.values()) {
      if (selects(selector, entry.labels)) names.add(entry.name);
    }
    return names;
  };

  return {
    get: (name) => entries.get(name),
    names: () => entries.keys(),
    follow(selector) {
      const key = selectorKey(selector);
      const selection = followed.get(key) ?? { selector, names: namesOf(selector) };
      followed.set(key, selection);
      return selection;
    },
    unfollow({ selector }) {
      followed.delete(selectorKey(selector));
    },
    change(name, entry) {
      const before = entries.get(name);
      if (before !== undefined) labels.remove(before);
      if (entry === undefined) entries.delete(name);
      else {
        entries.set(name, entry);
        labels.add(entry);
      }
      const changed: Selection[] = [];
      for (const selection of followed.values()) {
        const now = entry !== undefined && selects(selection.selector, entry.labels);
        if (now === selection.names.has(name)) continue;
        if (now) selection.names.add(name);
        else selection.names.delete(name);
        changed.push(selection);
      }
      return changed;
    },
  };
};
