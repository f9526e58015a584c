import { observedLayout } from '../../render/observed-layout.ts';
import type { Kernel } from '../../reconcile/kernel.ts';

/** The first layout whose agents have the kernel's lock; agents of older layouts have the name alone. */
export const FIRST_LOCKED_LAYOUT = 3;

/** Whoever has the name and not the lock, where the rules are not an older agent's, gets this long to show its work, ms. */
const DOUBT_MS = 750;

/**
 * Returns how long to wait for the work of whoever has the name and not the kernel's lock. The agent that worked last left
 * the number of its layout. Where that is an older layout, an older agent may still be at work: it gets `patienceMs`.
 * Otherwise no older agent has programmed this node, and one that has just started shows it within its first pass.
 */
export const olderAgentPatience = async (kernel: Kernel, patienceMs: number): Promise<number> => {
  const layout = observedLayout(await kernel.observe());
  return layout !== undefined && layout < FIRST_LOCKED_LAYOUT ? patienceMs : DOUBT_MS;
};
