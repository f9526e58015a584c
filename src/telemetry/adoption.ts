import { LAYOUT } from '../program/names.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { observedLayout } from '../render/observed-layout.ts';
import type { Logger } from './logger.ts';

/** The kernel, and at the first look at it a line of the log where an agent of another version was here before. */
export const tellAdoption = (kernel: Kernel, log: Logger): Kernel => {
  let looked = false;
  return {
    ...kernel,
    async observe() {
      const observed = await kernel.observe();
      const layout = observedLayout(observed);
      const known = LAYOUT;
      if (!looked && layout !== undefined && layout < known) {
        log.info('rules of an older version are in force; they are taken over', { layout, known });
      } else if (!looked && layout !== undefined && layout > known) {
        log.warn('rules of a newer version are in force; what this version knows replaces them', { layout, known });
      }
      looked = true;
      return observed;
    },
  };
};
