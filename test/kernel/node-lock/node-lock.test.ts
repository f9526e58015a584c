import { randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openDoor } from '../../../src/kernel/node-lock/door.ts';
import { createHousekeepingCheck } from '../../../src/kernel/node-lock/housekeeping.ts';
import type { Grip, KernelLock } from '../../../src/kernel/node-lock/kernel-lock.ts';
import {
  createNodeLock,
  type IsWorking,
  type NodeLock,
  type NodeLockDeps,
} from '../../../src/kernel/node-lock/node-lock.ts';
import { EMPTY_PROGRAM } from '../../support/empty-program.ts';
import { waitFor } from '../../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from '../packet-filter.ts';

/** Never reports that no agent works. */
const works: IsWorking = (signal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(true);
    });
  });

const idle: IsWorking = () => Promise.resolve(false);

/** A lock of the kernel whose results the test sets. */
const scriptedLock = (first: Grip): KernelLock & { readonly set: (grip: Grip) => void } => {
  let grip = first;
  let news = Promise.withResolvers<Grip>();
  return {
    first: Promise.resolve(first),
    grip: () => grip,
    changed: () => news.promise,
    stop: () => undefined,
    set(next) {
      grip = next;
      news.resolve(next);
      news = Promise.withResolvers<Grip>();
    },
  };
};

describe('the node lock', () => {
  let name: string;
  let locks: NodeLock[];
  let told: string[];

  beforeEach(() => {
    name = `\0portcullis.test.${randomUUID()}`;
    locks = [];
    told = [];
  });

  afterEach(async () => {
    await Promise.all(locks.map((lock) => lock.release()));
  });

  const open = async (who: number, deps: Partial<NodeLockDeps> = {}): Promise<NodeLock> => {
    const lock = await createNodeLock({
      introduction: { version: '1.2.3', pid: who },
      kernelLock: scriptedLock('unavailable'),
      isWorking: works,
      isOlderAgent: works,
      onHeld: (how) => told.push(`${who} ${how}`),
      onWaiting: (holder) => told.push(`${who} waits for ${holder}`),
      name,
      ...deps,
    });
    locks.push(lock);
    return lock;
  };

  const until = (what: string, holds: () => boolean): Promise<unknown> =>
    waitFor(
      what,
      10_000,
      () => Promise.resolve(holds() || undefined),
      () => told.join('; '),
    );

  test('an agent has the node lock at once if it is free', async () => {
    const lock = await open(1);
    expect(lock.isHeld()).toBe(true);
    expect(told).toEqual(['1 free']);
  });

  test('the node lock goes from one agent to the next', async () => {
    const first = await open(1);
    const second = await open(2);
    expect(second.isHeld()).toBe(false);
    await until('the introduction', () => told.includes('2 waits for version 1.2.3, process 1'));
    expect(second.holder()).toBe('version 1.2.3, process 1');
    await first.release();
    await until('the second', second.isHeld);
    const third = await open(3);
    await until('the introduction', () => told.includes('3 waits for version 1.2.3, process 2'));
    expect(third.isHeld()).toBe(false);
  });

  test('an agent that is stopped no longer waits for the node lock', async () => {
    await open(1);
    const second = await open(2);
    await second.release();
    await locks[0]?.release();
    expect(second.isHeld()).toBe(false);
  });

  test('the node lock is passed on while other processes hold all possible connections', async () => {
    const first = await open(1);
    const strangers = Array.from({ length: 40 }, () => connect({ path: name }).on('error', () => undefined));
    const second = await open(2);
    await first.release();
    await until('the second', second.isHeld);
    for (const stranger of strangers) stranger.destroy();
  });

  test('an agent goes on without the node lock if its holder does not work', async () => {
    const squatter = createServer((socket) => {
      socket.on('error', () => undefined).write('x'.repeat(100_000));
    }).listen({ path: name });
    const lock = await open(1, { isWorking: idle });
    await until('the lock', lock.isHeld);
    expect(told).toEqual(['1 shared']);
    await lock.release();
    squatter.close();
  });

  test('an agent waits for the kernel’s lock, whatever process has the name', async () => {
    const kernelLock = scriptedLock('taken');
    const lock = await open(1, { kernelLock, isOlderAgent: idle });
    await until('another agent to be reported', () => told.length > 0);
    expect(lock.isHeld()).toBe(false);
    expect(told).toEqual(['1 waits for an agent that does not say its version']);
    kernelLock.set('held');
    await until('the lock', lock.isHeld);
    expect(told.at(-1)).toBe('1 taken over');
  });

  test('an agent goes on without the node lock if the holder of the kernel’s lock does not work', async () => {
    const lock = await open(1, { kernelLock: scriptedLock('taken'), isWorking: idle });
    await until('the lock', lock.isHeld);
    expect(told.at(-1)).toBe('1 shared');
  });

  test('an agent waits for an older agent that has only the name, until it ends', async () => {
    const older = await open(1);
    const lock = await open(2, { kernelLock: scriptedLock('held') });
    await until('the introduction', () => told.includes('2 waits for version 1.2.3, process 1'));
    expect(lock.isHeld()).toBe(false);
    await older.release();
    await until('the lock', lock.isHeld);
    expect(told.at(-1)).toBe('2 taken over');
  });

  test('an agent works without the name if no agent has it, and takes it once it is free, though connections to it are kept', async () => {
    const kept: Socket[] = [];
    const impostor = createServer((socket) => kept.push(socket)).listen({ path: name });
    const lock = await open(1, { kernelLock: scriptedLock('held'), isOlderAgent: idle });
    await until('the lock', lock.isHeld);
    await until('a connection', () => kept.length > 0);
    impostor.close();
    await waitFor('the name', 10_000, async () => {
      const second = await openDoor(name, 'free\n');
      second?.close();
      return second === undefined ? true : undefined;
    });
    for (const socket of kept) socket.destroy();
    await lock.release();
  });

  test('an agent gives up the node lock if another one took the kernel’s lock, and takes it again after that one', async () => {
    const kernelLock = scriptedLock('held');
    const lock = await open(1, { kernelLock });
    expect(lock.isHeld()).toBe(true);
    kernelLock.set('taken');
    await until('the loss', () => !lock.isHeld());
    kernelLock.set('held');
    await until('the lock', lock.isHeld);
  });
});

describe('testing whether an agent works', () => {
  let filter: PacketFilter;

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
  });

  afterEach(async () => {
    await filter.close();
  });

  const check = (): ((signal: AbortSignal) => Promise<boolean>) =>
    createHousekeepingCheck(filter.runner, { patienceMs: () => 1_000, lookMs: 50, trustMs: 10 });

  test('a working agent is recognized by removing the marker set', async () => {
    const signal = AbortSignal.timeout(20_000);
    const answer = check()(signal);
    await waitFor('the marker', 10_000, async () => (await filter.sets()).includes('portcullis-m-') || undefined);
    await filter.bring(EMPTY_PROGRAM);
    expect(await answer).toBe(true);
  });

  test('without a working agent the marker set stays, and the test removes it', async () => {
    expect(await check()(AbortSignal.timeout(20_000))).toBe(false);
    expect(await filter.sets()).toBe('');
  });
});
