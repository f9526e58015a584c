import type { BridgeProgram } from '../bridge/bridge-program.ts';
import { compileBridge } from '../bridge/compile-bridge.ts';
import { type Guarantee, guaranteeOf } from '../bridge/guarantee.ts';
import type { Clock } from '../model/clock.ts';
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
  /** The kernel is looked at so often where it tells nothing by itself, ms. */
  readonly checkIntervalMs: number;
  /** Dropped packets are reported to this NFLOG group. */
  readonly logGroup: number | undefined;
}

export interface BridgeGuardPorts {
  readonly inputs: BridgeInputs;
  readonly kernel: BridgeKernel;
  readonly clock: Clock;
  /** What the newest pass compiled. */
  readonly isolations: () => readonly Isolation[];
  /** Ports came, went or belong to others: the chains that judge by port are to be compiled again. */
  readonly onPorts: () => void;
  /** Told of the first guarantee that lasts, and of each other one; undefined where no pod hangs on a bridge. */
  readonly onGuarantee: (guarantee: Guarantee | undefined) => void;
  readonly onDrift: (drift: BridgeDrift) => void;
}

export interface BridgeStatus extends Guarantee {
  readonly bridges: readonly string[];
  /** Ports whose pod is known, and how many of them were found out by answers. */
  readonly ports: number;
  readonly learned: number;
  readonly failures: number;
}

/**
 * Keeps the table of the bridge family at what ports and policies ask for. It is a part by itself: where it fails, iptables
 * is programmed all the same, and the other way round.
 */
export interface BridgeGuard {
  /** The kernel, whose changes come after what the bridge closes and before what it opens. */
  over(kernel: Kernel): Kernel;
  /**
   * The first look is over, whatever it found. It begins when this is asked first: pods and results of the network plugin have
   * to be known by then.
   */
  hasLooked(): boolean;
  ports(): LocalPorts | undefined;
  /** Results of the network plugin or interfaces may be others. */
  noteLinks(): void;
  /**
   * What the results of the network plugin say now is taken in, and written as far as it can be. What fails is told by the
   * guarantee and holds up nobody.
   */
  settled(): Promise<void>;
  /** Pods of the node or their namespaces may be others; a pass of the loop is about to take them in. */
  noteChange(): void;
  /** Why the table is not in force; undefined where it is, or no pod hangs on a bridge. */
  refusal(): string | undefined;
  /** A pass is over, by which policies may isolate other pods, or which found nothing to do: then it is time to look around. */
  notePass(foundNothing: boolean): void;
  /** A program changed our table. */
  noteTable(by: string): void;
  /** Undefined where no pod hangs on a bridge. */
  status(): BridgeStatus | undefined;
  stop(): Promise<void>;
}

/** Interfaces change several at once, ms. */
const GATHER_MS = 30;
/** What the kernel does not tell of by itself: switches of br_netfilter, addresses of the node, ms. */
const LOOK_EVERY_MS = 60_000;
/** Without a bridge a look starts a program: at most so often, ms. */
const LOOK_AT_MOST_MS = 5_000;
/** A pod that starts is not known for a moment: a guarantee counts once it has lasted so long, ms. */
const LASTING_MS = 3_000;
/**
 * A first look that hangs does not hold up everything else for longer, ms. Rules of a predecessor are in force meanwhile; a busy
 * node takes more than 2 s to start the programs of a look.
 */
const FIRST_LOOK_MS = 5_000;
/** The table of a predecessor stays until it was read, or could not be read this many times. */
const RECALL_TRIES = 5;
/** Between a look that failed and the next, at least, ms. */
const LOOK_AGAIN_MS = 500;
/** As little as a table that cannot be written holds up a change of iptables, ms. */
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
  let lookRefusal: string | undefined;
  let failedLooks = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  /** Changes of iptables that are under way, or that failed. */
  let unsettled = 0;
  let compiled: { readonly key: readonly unknown[]; readonly program: BridgeProgram | undefined } | undefined;
  /** The guarantee that was told, and the newest one. */
  let told: string | undefined;
  let lasting: string | undefined;
  let tail: Promise<void> = Promise.resolve();
  /** A look that somebody waits for and that has not begun. */
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
    const key = [book.facts(), ...isolations()];
    if (compiled?.key.length === key.length && compiled.key.every((each, at) => each === key[at])) {
      return compiled.program;
    }
    compiled = { key, program: compileBridge(book.facts(), isolations(), options.logGroup) };
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

  /** What a predecessor had learned is still to be read from its table. */
  const isToRecall = (): boolean => recallsLeft > 0 && hasBridges();

  const recall = async (): Promise<void> => {
    recallsLeft -= 1;
    await learning.recall();
    recallsLeft = 0;
  };

  const write = async (): Promise<void> => {
    // Written without what a predecessor had learned, the table would let others claim these addresses.
    if (isToRecall()) return;
    try {
      await writer.write(desired(), unsettled > 0);
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

  /** A node without bridges is spared looks, unless something speaks for one. */
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

  /** Resolves when it is done, or has taken too long. */
  const patiently = async (work: Promise<void>): Promise<void> => {
    const late = Promise.withResolvers<undefined>();
    const timer = clock.after(TIGHTEN_MS, () => {
      late.resolve(undefined);
    });
    await Promise.race([work, late.promise]);
    timer();
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
        // Whatever closes comes first; a failure of it is told, and holds up nothing.
        await patiently(sync());
        // Of a change that fails nobody knows how much was done: the tighter of both stays until one succeeds.
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
