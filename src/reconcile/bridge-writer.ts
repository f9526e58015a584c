import type { BridgeProgram } from '../bridge/bridge-program.ts';
import { holdsElements, type ObservedBridge } from '../bridge/parse-table.ts';
import { changeText, removalText, tableText, tightest } from '../bridge/table-text.ts';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import type { BridgeKernel } from './bridge-kernel.ts';

/** Kinds of drift of our bridge table. Each is a label of a metric. */
export const BRIDGE_DRIFTS = ['table_missing', 'rules_changed', 'elements_changed'] as const;

/** Another program changed our bridge table. */
export interface BridgeDrift {
  readonly kind: (typeof BRIDGE_DRIFTS)[number];
  /** The name of the program, if the kernel reported it. */
  readonly by: string | undefined;
}

export interface BridgeWriterOptions {
  readonly checkIntervalMs: number;
  readonly onDrift: (drift: BridgeDrift) => void;
}

/** Writes the table, and detects drift. Its calls run one after another. */
export interface BridgeWriter {
  /**
   * Brings the kernel to the wanted table: by changes of elements, or by the whole table if it may be missing.
   * @param unsettled whether iptables is between two states: then the restrictions of both are kept
   * @throws if it cannot be written; its state is then unknown
   */
  write(program: BridgeProgram | undefined, unsettled: boolean): Promise<void>;
  /** Reports whether a reported change is not one of ours. */
  isForeign(by: string): boolean;
  /** Reads the table back. Drift is reported, and the next `write` repairs it. Never rejects. */
  check(by: string | undefined): Promise<void>;
  /** Reports whether the table must be read back because the kernel has reported nothing for long. */
  isCheckDue(): boolean;
  isInForce(): boolean;
  /** Returns why the last write failed. */
  refusal(): string | undefined;
  stop(): void;
}

/** The kernel reports an own transaction within this time. */
const ECHO_MS = 1_000;
/** Minimum interval of checks that other programs' changes cause. */
const CHECK_AT_MOST_MS = 1_000;
/** Intervals between full comparisons while the kernel reports changes, and below, while it does not. */
const FULL = 75;
const DEAF = 2;

export const createBridgeWriter = (
  kernel: BridgeKernel,
  clock: Clock,
  { checkIntervalMs, onDrift }: BridgeWriterOptions,
): BridgeWriter => {
  let inForce: BridgeProgram | undefined;
  /**
   * The table without elements, as it was read back after its rules were first written. nft formats it in its own way,
   * so it cannot be known before.
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
    // Whichever of the two is wrong, the next one starts again.
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
      // The text that was read back may have been the other program's already.
      shape = undefined;
      isKnown = false;
      onDrift({ kind: 'rules_changed', by });
      return;
    }
    if (by !== undefined && clock.now() - checkedAt < CHECK_AT_MOST_MS) {
      // This check also covers changes that come meanwhile.
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
