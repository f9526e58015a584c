import type { BridgeProgram } from '../bridge/bridge-program.ts';
import { compileBridge } from '../bridge/compile-bridge.ts';
import { type Guarantee, guaranteeOf } from '../bridge/guarantee.ts';
import type { PortOwner } from '../model/bridge-port.ts';
import { type Clock, settledWithin } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import type { Isolation } from '../policy/node-policy.ts';
import type { LocalPorts } from '../program/bridge-ports.ts';
import { retryDelay } from './backoff.ts';
import { type BridgeInputs, createBridgeFacts } from './bridge-facts.ts';
import type { BridgeKernel } from './bridge-kernel.ts';
import { createBridgeLearning } from './bridge-learning.ts';
import { type BridgeDrift, createBridgeWriter } from './bridge-writer.ts';
import type { Kernel } from './kernel.ts';

export interface BridgeGuardOptions {
  /** Interval of reads of the kernel where it reports no changes by itself. */
  readonly checkIntervalMs: number;
  /** The NFLOG group of another program to which dropped packets are reported. */
  readonly logGroup: number | undefined;
  /** Returns the group of the agent's own records; undefined if it keeps none, or before the group is known. */
  readonly recordGroup: () => number | undefined;
}

export interface BridgeGuardPorts {
  readonly inputs: BridgeInputs;
  readonly kernel: BridgeKernel;
  readonly clock: Clock;
  /** Returns the isolations that the newest pass compiled. */
  readonly isolations: () => readonly Isolation[];
  /** Called when ports were added, removed or changed their owners: the chains that judge by port must be compiled again. */
  readonly onPorts: () => void;
  /** Called for the first guarantee that lasts, and for each different one; undefined if no pod is attached to a bridge. */
  readonly onGuarantee: (guarantee: Guarantee | undefined) => void;
  readonly onDrift: (drift: BridgeDrift) => void;
}

export interface BridgeStatus extends Guarantee {
  readonly bridges: readonly string[];
  /** Numbers of ports whose pod is known, and of those that were learned. */
  readonly ports: number;
  readonly learned: number;
  readonly failures: number;
}

/**
 * Keeps the bridge table at the state that ports and policies need. It is a separate part: if it fails, iptables is still
 * programmed, and vice versa.
 */
export interface BridgeGuard {
  /** Returns the kernel with changes ordered after the bridge's closing and before its opening changes. */
  over(kernel: Kernel): Kernel;
  /**
   * Reports whether the first read has ended, whatever it found. The first call starts it: pods and results of the
   * network plugin must be known by then.
   */
  hasLooked(): boolean;
  ports(): LocalPorts | undefined;
  /** Returns the owner of the port with the kernel's index. */
  ownerAt(index: number): PortOwner | undefined;
  /** Takes the fact that results of the network plugin or interfaces may have changed. */
  noteLinks(): void;
  /**
   * Resolves when the current results of the network plugin are taken in, and written if possible. A failure appears in the
   * guarantee and delays nothing.
   */
  settled(): Promise<void>;
  /** Takes the fact that pods of the node or their namespaces may have changed; a pass of the loop follows. */
  noteChange(): void;
  /** Returns why the table is not in force; undefined if it is, or if no pod is attached to a bridge. */
  refusal(): string | undefined;
  /**
   * Takes the end of a pass, which may have changed the isolated pods; if it found nothing to do, it is time to read
   * the node.
   */
  notePass(foundNothing: boolean): void;
  /** Takes the fact that a program changed our table. */
  noteTable(by: string): void;
  /** Returns undefined if no pod is attached to a bridge. */
  status(): BridgeStatus | undefined;
  stop(): Promise<void>;
}

/** Interfaces often change together: changes within this time share one read. */
const GATHER_MS = 30;
/** Interval of reads for changes that the kernel does not report: switches of br_netfilter, addresses of the node. */
const LOOK_EVERY_MS = 60_000;
/** Minimum interval of reads without a bridge, since each one starts a program. */
const LOOK_AT_MOST_MS = 5_000;
/** A guarantee counts after it has lasted this long, since the port of a starting pod is unknown for a moment. */
const LASTING_MS = 3_000;
/**
 * Maximum wait for a first read that hangs. A predecessor's rules are in force meanwhile; a busy node takes more than 2
 * s to start the programs of a read.
 */
const FIRST_LOOK_MS = 5_000;
/** A predecessor's table stays until it was read, or could not be read this many times. */
const RECALL_TRIES = 5;
/** Minimum wait between a failed read and the next one. */
const LOOK_AGAIN_MS = 500;
/** Maximum delay of a change of iptables by a table that cannot be written. */
const TIGHTEN_MS = 500;

export const createBridgeGuard = (options: BridgeGuardOptions, parts: BridgeGuardPorts): BridgeGuard => {
  const { inputs, kernel, clock, isolations, onPorts, onGuarantee, onDrift } = parts;
  const book = createBridgeFacts(inputs);
  const writer = createBridgeWriter(kernel, clock, { ...options, onDrift });
  const looked = Promise.withResolvers<undefined>();
  let hasBegun = false;
  let hasLooked = false;
  let recallsLeft = RECALL_TRIES;
  let stopped = false;
  let failures = 0;
  /** False once the kernel has refused the table with reports to the agent, and taken it without. */
  let isReported = true;
  let lookRefusal: string | undefined;
  let failedLooks = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  /** Number of changes of iptables that are under way or have failed. */
  let unsettled = 0;
  let compiled: { readonly key: readonly unknown[]; readonly program: BridgeProgram | undefined } | undefined;
  /** The reported guarantee, and the newest one. */
  let told: string | undefined;
  let lasting: string | undefined;
  let tail: Promise<void> = Promise.resolve();
  /** A read that callers wait for and that has not begun. */
  let coming: Promise<void> | undefined;
  const cancel: Record<'look' | 'retry' | 'tell', () => void> = {
    look: () => undefined,
    retry: () => undefined,
    tell: () => undefined,
  };

  const inOrder = (work: () => Promise<void>): Promise<void> => {
    tail = tail.then(work);
    return tail;
  };

  const desired = (): BridgeProgram | undefined => {
    const { recordGroup } = options;
    const reports = { logGroup: options.logGroup, recordGroup: isReported ? recordGroup() : undefined };
    const key = [book.facts(), reports.recordGroup, ...isolations()];
    if (compiled?.key.length === key.length && compiled.key.every((each, at) => each === key[at])) {
      return compiled.program;
    }
    compiled = { key, program: compileBridge(book.facts(), isolations(), reports) };
    return compiled.program;
  };

  const hasBridges = (): boolean => book.facts().node.bridges.length > 0;

  const guarantee = (): Guarantee | undefined => {
    if (!hasBridges()) return undefined;
    const { owners, unowned } = book.owners();
    return guaranteeOf({
      refusal: writer.refusal() ?? lookRefusal,
      families: inputs.families,
      shown: book.shown(),
      learned: owners.filter(({ origin }) => origin === 'learned').map(({ port }) => port),
      unowned,
      disputed: book.disputed(),
    });
  };

  const tellGuarantee = (): void => {
    const now = JSON.stringify(guarantee() ?? null);
    if (now === lasting) return;
    lasting = now;
    cancel.tell();
    if (stopped || now === told) return;
    cancel.tell = clock.after(LASTING_MS, () => {
      told = now;
      onGuarantee(guarantee());
    });
  };

  /** Reports whether a predecessor's learned owners must still be read from its table. */
  const isToRecall = (): boolean => recallsLeft > 0 && hasBridges();

  const recall = async (): Promise<void> => {
    recallsLeft -= 1;
    await learning.recall();
    recallsLeft = 0;
  };

  /** Writes the wanted table. The rules that drop matter more than their reports. */
  const writeDesired = async (): Promise<void> => {
    const wanted = desired();
    try {
      await writer.write(wanted, unsettled > 0);
    } catch (error) {
      if (wanted?.rules.reports.recordGroup === undefined) throw error;
      isReported = false;
      await writer.write(desired(), unsettled > 0).catch((again: unknown) => {
        // Then it was not because of the reports.
        isReported = true;
        throw again;
      });
    }
  };

  const write = async (): Promise<void> => {
    // A table without the predecessor's learned owners would let other ports claim these addresses.
    if (isToRecall()) return;
    try {
      await writeDesired();
      failures = 0;
      learning.consider();
    } catch {
      failures += 1;
      cancel.retry();
      if (!stopped) cancel.retry = clock.after(Math.max(1_000, 6 * retryDelay(failures)), () => void sync());
    }
    tellGuarantee();
  };

  const sync = (): Promise<void> => (stopped ? Promise.resolve() : inOrder(write));

  const learning = createBridgeLearning(kernel, clock, {
    book,
    pods: inputs.pods,
    isInForce: () => writer.isInForce(),
    onLearned() {
      onPorts();
      void sync();
    },
    onUnclear: tellGuarantee,
  });

  const named = (): readonly string[] => inputs.links().flatMap(({ bridged }) => bridged?.nodeInterfaces ?? []);
  const addresses = (): readonly string[] => inputs.pods().flatMap(({ ips }) => ips);

  const look = async (): Promise<void> => {
    lookedAt = clock.now();
    try {
      const isNews = book.look(await kernel.look(named(), addresses()));
      const isRecalling = isToRecall();
      if (isRecalling) await recall();
      lookRefusal = undefined;
      failedLooks = 0;
      if (isNews || isRecalling || !hasLooked) onPorts();
    } catch (error) {
      lookRefusal = messageOf(error);
      lookAgain();
    }
    if (!hasBridges()) kernel.rest();
    hasLooked = true;
    looked.resolve(undefined);
  };

  const lookAndWrite = (): Promise<void> =>
    inOrder(async () => {
      await look();
      await write();
    });

  const lookAgain = (): void => {
    cancel.look();
    failedLooks += 1;
    const delay = Math.max(LOOK_AGAIN_MS, retryDelay(failedLooks));
    if (!stopped) cancel.look = clock.after(delay, () => void lookAndWrite());
  };

  /** Reports whether a read is worthwhile: a node without signs of a bridge needs none. */
  const isWorthALook = (): boolean => {
    if (hasBridges()) return true;
    const owned = new Set(inputs.links().flatMap(({ ips, bridged }) => (bridged === undefined ? ips : [])));
    return named().length > 0 || addresses().some((address) => !owned.has(address));
  };

  const lookSoon = (): void => {
    if (stopped || !hasBegun || !isWorthALook()) return;
    cancel.look();
    const isLikely = hasBridges() || named().length > 0;
    const least = isLikely ? GATHER_MS : Math.max(GATHER_MS, lookedAt + LOOK_AT_MOST_MS - clock.now());
    cancel.look = clock.after(least, () => void lookAndWrite());
  };

  const begin = (): void => {
    hasBegun = true;
    if (!isWorthALook()) {
      hasLooked = true;
      looked.resolve(undefined);
      return;
    }
    void inOrder(look);
    const impatience = clock.after(FIRST_LOOK_MS, () => {
      hasLooked = true;
      looked.resolve(undefined);
    });
    void looked.promise.then(impatience);
  };

  return {
    over: (under) => ({
      ...under,
      async apply(plan) {
        await looked.promise;
        if (!hasBridges()) {
          await under.apply(plan);
          return;
        }
        unsettled += 1;
        // Closing changes come first; a failure of them is reported, and delays nothing.
        await settledWithin(clock, TIGHTEN_MS, sync());
        // It is not known how much of a failed change was done: the tighter of both states stays until one succeeds.
        await under.apply(plan);
        unsettled = 0;
        void sync();
      },
    }),
    hasLooked() {
      if (!hasBegun) begin();
      return hasLooked;
    },
    ports: book.ports,
    ownerAt(index) {
      const { node, owners } = book.facts();
      const found = node.bridges.flatMap(({ ports }) => ports).find((port) => port.index === index);
      return found && owners.find(({ port }) => port === found.name);
    },
    refusal: () => (hasBridges() ? (writer.refusal() ?? lookRefusal) : undefined),
    noteLinks() {
      book.touch();
      lookSoon();
    },
    async settled() {
      if (stopped || !hasBegun || !isWorthALook()) return;
      cancel.look();
      coming ??= inOrder(async () => {
        coming = undefined;
        await look();
        await write();
      });
      await coming;
    },
    noteChange() {
      book.touch();
      if (hasLooked && !hasBridges()) lookSoon();
    },
    notePass(foundNothing) {
      if (!hasBridges()) return;
      if (!foundNothing) void sync();
      else if (clock.now() - lookedAt >= LOOK_EVERY_MS) lookSoon();
      else if (writer.isCheckDue()) void inOrder(() => writer.check(undefined)).then(sync);
    },
    noteTable(by) {
      if (writer.isForeign(by) && !stopped) void inOrder(() => writer.check(by)).then(sync);
    },
    status() {
      const now = guarantee();
      const { owners } = book.owners();
      return now === undefined
        ? undefined
        : {
            ...now,
            bridges: book.facts().node.bridges.map(({ name }) => name),
            ports: owners.length,
            learned: owners.filter(({ origin }) => origin === 'learned').length,
            failures,
          };
    },
    async stop() {
      stopped = true;
      for (const end of Object.values(cancel)) end();
      learning.stop();
      writer.stop();
      await tail;
    },
  };
};
