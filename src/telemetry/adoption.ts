import { LAYOUT } from '../program/names.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { observedLayout } from '../render/observed-layout.ts';
import type { Logger } from './logger.ts';

/** Logs, at the first read of the kernel, whether an agent of another version was here before. Returns the kernel. */
export const tellAdoption = (kernel: Kernel, log: Logger): Kernel => {
  let looked = false;
  return {
    ...kernel,
    async observe(scope) {
      const observed = await kernel.observe(scope);
      const layout = observedLayout(observed);
      const known = LAYOUT;
      if (!looked && layout !== undefined && layout < known) {
        log.info('adopting the rules of an older version', { layout, known });
      } else if (!looked && layout !== undefined && layout > known) {
        log.warn('replacing the rules of a newer version by those that this version knows', { layout, known });
      }
      looked = true;
      return observed;
    },
  };
};
