import type { Kernel } from '../reconcile/kernel.ts';
import type { Observed } from '../render/observed.ts';
import type { SetReader } from './netlink/set-reader.ts';

/** A kernel that was looked at before anybody asked. */
export interface FirstLook {
  /** The kernel; asked for the first time, it tells what was seen then if nothing of ours was there. */
  readonly kernel: Kernel;
  /** Whether nothing of ours was there; false too where that could not be found out. */
  readonly isBlank: Promise<boolean>;
  /** Settles where it could not be looked at, and else never. */
  readonly failed: Promise<void>;
}

const isBlank = ({ sets, tables, former = {}, raw = {} }: Observed): boolean =>
  sets.size === 0 &&
  [...Object.values(tables), ...Object.values(former), ...Object.values(raw)].every(
    ({ chains, heldByOthers }) => chains.size === 0 && heldByOthers.size === 0,
  );

/**
 * Looks at the kernel at once, while the state of the cluster is still on its way. A node without anything of ours stays
 * like that: only an agent makes it, and one works at a time. What others change meanwhile is found when the first
 * programming is read back. Where something of ours is there, the kernel is looked at again when it is asked about.
 *
 * @param isOurs false where another agent works on the node: what is there may change at any moment
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
        // Of a part something has failed before: that is looked at as it is now.
        return scope === undefined && first !== undefined ? first : kernel.observe(scope);
      },
    },
  };
};

/** Whether no set of ours is there: nearly always so where nothing of ours is, and found out long before that is. */
export const hasNoSets = async (reader: Pick<SetReader, 'headers'>): Promise<boolean> => {
  try {
    return (await reader.headers()).size === 0;
  } catch {
    return false;
  }
};
