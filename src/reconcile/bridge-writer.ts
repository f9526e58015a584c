import type { BridgeProgram } from '../bridge/bridge-program.ts';
import { holdsElements, type ObservedBridge } from '../bridge/parse-table.ts';
import { changeText, removalText, tableText, tightest } from '../bridge/table-text.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import type { BridgeKernel } from './bridge-kernel.ts';

/** What somebody else can do to our table; each is a label of a metric. */
export const BRIDGE_DRIFTS = ['table_missing', 'rules_changed', 'elements_changed'] as const;

/** Somebody else changed our table of the bridge family. */
export interface BridgeDrift {
  readonly kind: (typeof BRIDGE_DRIFTS)[number];
  /** The name of the program, where the kernel told it. */
  readonly by: string | undefined;
}

export interface BridgeWriterOptions {
  readonly checkIntervalMs: number;
  readonly onDrift: (drift: BridgeDrift) => void;
}

/** Writes the table, and finds out when it is not what was written. Its calls are made one after another. */
export interface BridgeWriter {
  /**
   * Brings the kernel to the program: by changes of elements, or by the whole table where that is not known to be there.
   * @param unsettled iptables is on its way from one state to the next: restrictions of both are kept
   * @throws where it cannot be written; what is there is not known then
   */
  write(program: BridgeProgram | undefined, unsettled: boolean): Promise<void>;
  /** Whether a change that was told is not one of ours. */
  isForeign(by: string): boolean;
  /** Reads the table back; where it is another, that is told, and the next `write` puts it right. Never rejects. */
  check(by: string | undefined): Promise<void>;
  /** The kernel told of nothing for so long that it is to be read back. */
  isCheckDue(): boolean;
  isInForce(): boolean;
  /** Why the last write failed. */
  refusal(): string | undefined;
  stop(): void;
}

/** The kernel tells of an own transaction within this, ms. */
const ECHO_MS = 1_000;
/** Checks that changes of others cause come no closer, ms. */
const CHECK_AT_MOST_MS = 1_000;
/** In intervals: how often all is compared although the kernel told of nothing, and where it would not tell. */
const FULL = 75;
const DEAF = 2;

export const createBridgeWriter = (
  kernel: BridgeKernel,
  clock: Clock,
  { checkIntervalMs, onDrift }: BridgeWriterOptions,
): BridgeWriter => {
  let inForce: BridgeProgram | undefined;
  /**
   * All but elements, as it was read back after the table of these rules was written first. nft spells it in its own way, so
   * that it cannot be known beforehand.
   */
  let shape: { readonly rules: string; readonly text: string; readonly readAt: number } | undefined;
  let isKnown = false;
  let refusal: string | undefined;
  let own = { left: 0, until: Number.NEGATIVE_INFINITY };
  let checkedAt = Number.NEGATIVE_INFINITY;

  const transact = async (text: string): Promise<void> => {
    own = { left: own.left + 1, until: Number.POSITIVE_INFINITY };
    try {
      await kernel.write(text);
    } finally {
      own = { ...own, until: clock.now() + ECHO_MS };
    }
  };

  const differs = (observed: ObservedBridge | undefined, program: BridgeProgram): BridgeDrift['kind'] | undefined => {
    if (observed === undefined) return 'table_missing';
    if (shape?.rules === JSON.stringify(program.rules) && observed.shape !== shape.text) return 'rules_changed';
    return holdsElements(observed, program) ? undefined : 'elements_changed';
  };

  const replace = async (program: BridgeProgram): Promise<void> => {
    await transact(tableText(program));
    const observed = await kernel.read();
    const left = differs(observed, program);
    checkedAt = clock.now();
    const rules = JSON.stringify(program.rules);
    if (observed !== undefined && left === undefined) {
      if (shape?.rules !== rules) shape = { rules, text: observed.shape, readAt: checkedAt };
      return;
    }
    // Whichever of the two is wrong, the next one begins anew.
    shape = undefined;
    throw new Error(`the table of the bridge family is not what was written: ${left ?? 'table_missing'}`);
  };

  const isCheckDue = (): boolean => {
    if (!isKnown) return false;
    const intervals = (clock.now() - checkedAt) / checkIntervalMs;
    return intervals >= (kernel.isListening() ? FULL : DEAF);
  };

  const check = async (by: string | undefined): Promise<void> => {
    if (!isKnown || inForce === undefined) return;
    if (by !== undefined && shape !== undefined && clock.now() - shape.readAt < ECHO_MS) {
      // What was read back may have been theirs already.
      shape = undefined;
      isKnown = false;
      onDrift({ kind: 'rules_changed', by });
      return;
    }
    if (by !== undefined && clock.now() - checkedAt < CHECK_AT_MOST_MS) {
      // What comes in between is seen by this one as well.
      const { promise, resolve } = Promise.withResolvers<undefined>();
      clock.after(checkedAt + CHECK_AT_MOST_MS - clock.now(), () => {
        resolve(undefined);
      });
      await promise;
    }
    checkedAt = clock.now();
    try {
      const kind = differs(await kernel.read(), inForce);
      if (kind === undefined) return;
      isKnown = false;
      onDrift({ kind, by });
    } catch (error) {
      refusal = messageOf(error);
      isKnown = false;
    }
  };

  return {
    async write(program, unsettled) {
      try {
        if (program === undefined) {
          if (inForce !== undefined) await transact(removalText());
          inForce = undefined;
          isKnown = false;
          refusal = undefined;
          return;
        }
        const target = unsettled && inForce !== undefined ? tightest(inForce, program) : program;
        if (!isKnown || inForce === undefined || JSON.stringify(inForce.rules) !== JSON.stringify(target.rules)) {
          isKnown = false;
          await replace(target);
        } else {
          const text = changeText(inForce, target);
          if (text !== '') {
            isKnown = false;
            await transact(text);
          }
        }
        inForce = target;
        isKnown = true;
        refusal = undefined;
      } catch (error) {
        refusal = messageOf(error);
        throw error;
      }
    },
    isForeign(by) {
      if (by === 'nft' && own.left > 0 && clock.now() <= own.until) {
        own = { ...own, left: own.left - 1 };
        return false;
      }
      own = { ...own, left: 0 };
      return true;
    },
    check,
    isCheckDue,
    isInForce: () => isKnown,
    refusal: () => refusal,
    stop() {
      checkedAt = Number.POSITIVE_INFINITY;
    },
  };
};
