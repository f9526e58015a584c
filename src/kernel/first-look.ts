import type { Kernel } from '../reconcile/kernel.ts';
import type { Observed } from '../render/observed.ts';
import type { SetReader } from './netlink/set-reader.ts';

/** A kernel that was read before its first use. */
export interface FirstLook {
  /** The kernel. Its first read returns that early result if nothing of ours was there. */
  readonly kernel: Kernel;
  /** Whether nothing of ours was there; false if that is not known. */
  readonly isBlank: Promise<boolean>;
  /** Resolves if the early read failed, and otherwise never. */
  readonly failed: Promise<void>;
}

const isBlank = ({ sets, tables, former = {}, raw = {} }: Observed): boolean =>
  sets.size === 0 &&
  [...Object.values(tables), ...Object.values(former), ...Object.values(raw)].every(
    ({ chains, heldByOthers }) => chains.size === 0 && heldByOthers.size === 0,
  );

/**
 * Reads the kernel at once, while the state of the cluster is still being fetched. A node without anything of ours stays like
 * that, since only an agent changes it, and one works at a time. Other programs' changes meanwhile are found when the first
 * programming is read back. If something of ours is there, the kernel is read again on its first use.
 *
 * @param isOurs false if another agent works on the node, and so may change the state at any moment
 */
export const lookFirst = (kernel: Kernel, isOurs: boolean): FirstLook => {
  const failed = Promise.withResolvers<undefined>();
  const look = async (): Promise<Observed | undefined> => {
    try {
      const observed = await kernel.observe();
      return isBlank(observed) ? observed : undefined;
    } catch {
      failed.resolve(undefined);
      return undefined;
    }
  };
  const seen = isOurs ? look() : Promise.resolve(undefined);
  let isFirst = true;
  return {
    isBlank: seen.then((observed) => observed !== undefined),
    failed: failed.promise,
    kernel: {
      ...kernel,
      async observe(scope) {
        const first = isFirst ? await seen : undefined;
        isFirst = false;
        // A part has failed before, so its current state is read.
        return scope === undefined && first !== undefined ? first : kernel.observe(scope);
      },
    },
  };
};

/** Reports whether no set of ours exists. That is nearly always true if nothing of ours exists, and is known long before. */
export const hasNoSets = async (reader: Pick<SetReader, 'headers'>): Promise<boolean> => {
  try {
    return (await reader.headers()).size === 0;
  } catch {
    return false;
  }
};
