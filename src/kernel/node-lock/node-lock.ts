import { setTimeout as delay } from 'node:timers/promises';
import { type Door, openDoor, watchDoor } from './door.ts';
import { type Introduction, readIntroduction, writeIntroduction } from './introduction.ts';
import type { KernelLock } from './kernel-lock.ts';

/**
 * A name of abstract unix sockets (unix(7)). Agents from before the kernel's lock know only this name. It belongs to
 * the network namespace, as the rules do, needs no file, and the kernel frees it however its process ends; but any
 * process may take it.
 */
const NAME = '\0portcullis.agent';

/** Interval of attempts to take the name, if no connection's end shows when to try. */
const RETRY_MS = 500;
/** The holder of the name is contacted again after this time: it may have given up the name and kept the connection. */
const RECONNECT_MS = 3_000;
/** A holder of the kernel's lock that does not introduce itself within this time stays without a name. */
const INTRODUCTION_MS = 1_000;
const NAMELESS = 'an agent that does not say its version';

/** How the agent got its node; `shared` means without the lock or the name, whose holder does not enforce policy. */
export type Held = 'free' | 'taken over' | 'shared';

/** Reports whether another process does an agent's work on this node. Takes a while; called repeatedly. */
export type IsWorking = (signal: AbortSignal) => Promise<boolean>;

export interface NodeLockDeps {
  readonly introduction: Introduction;
  readonly kernelLock: KernelLock;
  /** Tests the holder of the kernel's lock; if there is no such lock, the holder of the name. */
  readonly isWorking: IsWorking;
  /** Tests a process that has the name and not the kernel's lock: an older agent, or no agent at all. */
  readonly isOlderAgent: IsWorking;
  /** Called once this agent has the node. */
  readonly onHeld: (how: Held) => void;
  /** Called when another agent has the node. */
  readonly onWaiting: (holder: string) => void;
  /** Another name, for tests. */
  readonly name?: string;
}

/** Makes sure that one agent at a time works on a node. */
export interface NodeLock {
  /** Reports whether this agent has the node. Stays true until `release`, or until another agent gets the kernel's lock. */
  isHeld(): boolean;
  /** Returns the holder, while another agent has the node. */
  holder(): string;
  release(): Promise<void>;
}

/**
 * Tries at once, and resolves with the result. Keeps waiting while another agent has the node, and takes over when that
 * one ends: the kernel's lock first, then the name, which older agents see.
 */
export const createNodeLock = async (deps: NodeLockDeps): Promise<NodeLock> => {
  const { name = NAME, kernelLock } = deps;
  const greeting = writeIntroduction(deps.introduction);
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  let door: Door | undefined;
  let held = false;
  let holder = '';
  let naming: Promise<void> | undefined;

  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);

  const noteHolder = (told: string): void => {
    if (held || told === holder) return;
    holder = told;
    deps.onWaiting(told);
  };

  const hold = (how: Held): void => {
    if (held || signal.aborted) return;
    held = true;
    deps.onHeld(how);
  };

  /** Resolves once this agent has the name. Meanwhile the holder is known by its greeting. */
  const takeName = async (until: AbortSignal): Promise<void> => {
    const isOver = (): boolean => until.aborted;
    while (!isOver()) {
      const patience = AbortSignal.any([until, AbortSignal.timeout(RECONNECT_MS)]);
      await watchDoor(name, (line) => noteHolder(readIntroduction(line)), patience);
      if (isOver()) return;
      door = await openDoor(name, greeting);
      if (door !== undefined) return;
      await pause(RETRY_MS);
    }
  };

  /** Resolves when no process is found to do an agent's work, or at the end. */
  const doubt = async (isWorking: IsWorking, until: AbortSignal): Promise<void> => {
    while (!until.aborted && (await isWorking(until)));
  };

  /** Waits for the kernel's lock. @returns how it was taken: `shared` if its holder does not enforce policy */
  const awaitKernelLock = async (): Promise<Held> => {
    const waiting = new AbortController();
    const end = (): void => waiting.abort();
    signal.addEventListener('abort', end);
    const introduced = watchDoor(name, (line) => noteHolder(readIntroduction(line)), waiting.signal);
    const nameless = setTimeout(() => {
      if (holder === '') noteHolder(NAMELESS);
    }, INTRODUCTION_MS);
    const isFree = async (): Promise<Held> => {
      while (kernelLock.grip() === 'taken' && !signal.aborted) await Promise.race([kernelLock.changed(), stopped]);
      return 'taken over';
    };
    const isShared = doubt(deps.isWorking, waiting.signal).then((): Held => 'shared');
    const how = await Promise.race([isFree(), isShared]);
    clearTimeout(nameless);
    signal.removeEventListener('abort', end);
    end();
    await introduced;
    return how;
  };

  /** Waits for the name if an older agent has it; goes ahead without it if no agent is found to work. */
  const awaitName = async (how: Held, isWorking: IsWorking): Promise<void> => {
    const waiting = new AbortController();
    const end = (): void => waiting.abort();
    signal.addEventListener('abort', end);
    const taken = takeName(signal).then(() => {
      end();
      if (door !== undefined) hold(how === 'free' ? 'taken over' : how);
    });
    await Promise.race([
      taken,
      doubt(isWorking, waiting.signal).then(() => {
        if (!waiting.signal.aborted) hold('shared');
      }),
    ]);
    // The name is still wanted, since it makes older agents wait.
    naming = taken.finally(() => signal.removeEventListener('abort', end));
  };

  /** Waits until another agent gets the lock. */
  const watchLock = async (): Promise<void> => {
    while (!signal.aborted) {
      const grip = await Promise.race([kernelLock.changed(), stopped]);
      if (grip !== 'taken') continue;
      held = false;
      holder = '';
      noteHolder(NAMELESS);
      hold(await awaitKernelLock());
    }
  };

  const begin = async (): Promise<void> => {
    const how = kernelLock.grip() === 'taken' ? await awaitKernelLock() : 'free';
    if (signal.aborted) return;
    const isWorking = kernelLock.grip() === 'unavailable' ? deps.isWorking : deps.isOlderAgent;
    if (how === 'shared') hold('shared');
    door ??= await openDoor(name, greeting);
    if (door === undefined) await awaitName(how, isWorking);
    else hold(how);
    await watchLock();
  };

  if ((await kernelLock.first) !== 'taken') door = await openDoor(name, greeting);
  if (door !== undefined) hold('free');
  const working = begin();

  return {
    isHeld: () => held,
    holder: () => holder,
    async release() {
      stopping.abort();
      await working;
      await naming;
      door?.close();
      kernelLock.stop();
    },
  };
};
