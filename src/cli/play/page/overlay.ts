import { assemble } from '../../../cluster/manifest/assemble.ts';
import { formatProblem } from '../../../cluster/manifest/place.ts';
import { readManifest } from '../../../cluster/manifest/read-manifest.ts';
import { createIntern } from '../../../cluster/intern.ts';
import type { PolicyKey, PolicyObject } from '../../../model/policy-object.ts';
import { formatField } from '../../../model/field-path.ts';
import { parsePolicy } from '../../../policy/parse-policy.ts';
import type { ReadWorld } from '../read-world.ts';
import type { WorldSource } from '../world-source.ts';

/** A world with policies that were applied in the page, on top of those of the folder. The folder is never written. */
export interface OverlaidWorld extends WorldSource {
  /** Applies policies. @returns a line for each, as kubectl prints it @throws Error for text that is no valid policy */
  apply(yaml: string): string;
  /** Takes away what was applied. */
  reset(): void;
}

/** Returns the policies of a text. @throws Error that names what is wrong */
const readPolicies = (yaml: string): readonly PolicyObject[] => {
  const content = readManifest(yaml, 'page', {});
  const { snapshot, problems } = assemble([content], 1, createIntern());
  const [problem] = problems;
  if (problem !== undefined) throw new Error(formatProblem(problem));
  const policies = [...snapshot.policies.values()];
  if (policies.length === 0) throw new Error('there is no NetworkPolicy in the text');
  for (const policy of policies) {
    const [fault] = parsePolicy(policy).faults;
    if (fault !== undefined) throw new Error(`${policy.key} ${formatField(fault.field)}: ${fault.message}`);
  }
  return policies;
};

export const overlayPolicies = (source: WorldSource): OverlaidWorld => {
  const applied = new Map<PolicyKey, PolicyObject>();
  let known: { readonly below: ReadWorld; readonly read: ReadWorld } | undefined;
  return {
    read() {
      const below = source.read();
      if (below === undefined || applied.size === 0) return below;
      if (known?.below !== below) {
        const { snapshot } = below.world;
        const policies = new Map([...snapshot.policies, ...applied]);
        known = { below, read: { ...below, world: { ...below.world, snapshot: { ...snapshot, policies } } } };
      }
      return known.read;
    },
    stop: () => source.stop(),
    reset() {
      applied.clear();
      known = undefined;
    },
    apply(yaml) {
      const policies = readPolicies(yaml);
      const before = (known?.read ?? source.read())?.world.snapshot.policies;
      const lines = policies.map(
        ({ key }) => `networkpolicy ${key} ${before?.has(key) === true ? 'configured' : 'created'}`,
      );
      for (const policy of policies) applied.set(policy.key, policy);
      known = undefined;
      return lines.join('\n');
    },
  };
};
