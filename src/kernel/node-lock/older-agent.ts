import { observedLayout } from '../../render/observed-layout.ts';
import type { Kernel } from '../../reconcile/kernel.ts';

/** The first layout whose agents use the kernel's lock; agents of older layouts use only the name. */
export const FIRST_LOCKED_LAYOUT = 3;

/** How long a process that has only the name gets to show its work, if the rules are not an older agent's. */
const DOUBT_MS = 750;

/**
 * Returns how long to wait for signs of work from a process that has the name and not the kernel's lock. The last agent
 * left its layout's number. If that layout is older, an older agent may still be working, and gets `patienceMs`.
 * Otherwise no older agent has programmed this node, and one that has just started shows its work within its first
 * pass.
 */
export const olderAgentPatience = async (kernel: Kernel, patienceMs: number): Promise<number> => {
  const layout = observedLayout(await kernel.observe());
  return layout !== undefined && layout < FIRST_LOCKED_LAYOUT ? patienceMs : DOUBT_MS;
};
