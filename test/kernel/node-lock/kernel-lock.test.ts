import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCompanionStarter, type StartCompanion } from '../../../src/kernel/companion.ts';
import { createKernelLock, type KernelLock, NODE_LOCK_GROUP } from '../../../src/kernel/node-lock/kernel-lock.ts';
import { FIRST_LOCKED_LAYOUT, olderAgentPatience } from '../../../src/kernel/node-lock/older-agent.ts';
import { inNetns } from '../../../src/lab/batch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from '../packet-filter.ts';

const WITHOUT_CAPABILITIES = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
const PATIENCE_MS = 12_345;

describe('the kernel’s node lock', () => {
  let filter: PacketFilter;
  let locks: KernelLock[];

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
    locks = [];
  });

  afterEach(async () => {
    for (const lock of locks) lock.stop();
    await filter.close();
  });

  const open = (...prefix: readonly string[]): KernelLock => {
    const lock = createKernelLock(createCompanionStarter([...inNetns(filter.name), ...prefix]));
    locks.push(lock);
    return lock;
  };

  const untilHeld = (lock: KernelLock): Promise<unknown> =>
    waitFor('the lock', 10_000, () => Promise.resolve(lock.grip() === 'held' || undefined), lock.grip);

  /** Returns the process ids of the lock's holders from the kernel: the first socket of a process has its id. */
  const owners = async (): Promise<readonly number[]> =>
    (await filter.runner.run('cat', ['/proc/net/netfilter/nfnetlink_log']))
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([group, port]) => (group === NODE_LOCK_GROUP && port !== undefined ? [port] : []));

  test('one agent at a time has the lock, and the next one gets it when that one stops', async () => {
    const first = open();
    expect(await first.first).toBe('held');
    const second = open();
    expect(await second.first).toBe('taken');
    first.stop();
    await untilHeld(second);
    const third = open();
    expect(await third.first).toBe('taken');
  });

  test('the lock is free again when its process is killed, and its own agent is as fast as any other to take it again', async () => {
    const lock = open();
    expect(await lock.first).toBe('held');
    const [pid = 0] = await owners();
    process.kill(pid, 'SIGKILL');
    await waitFor('another process to hold it', 10_000, async () => {
      const [now] = await owners();
      return now !== undefined && now !== pid ? true : undefined;
    });
    expect(lock.grip()).toBe('held');
  });

  test('the lock is out of reach without CAP_NET_ADMIN, whether it is free or not', async () => {
    expect(await open(...WITHOUT_CAPABILITIES).first).toBe('unavailable');
    expect(await owners()).toEqual([]);
    expect(await open().first).toBe('held');
    expect(await open(...WITHOUT_CAPABILITIES).first).toBe('unavailable');
  });

  test('the lock is unavailable if its program cannot be started or does not answer', async () => {
    const broken: StartCompanion = (_file, _args, onText) =>
      createCompanionStarter()('a-program-that-does-not-exist', [], onText);
    expect(await createKernelLock(broken).first).toBe('unavailable');
  });

  test('an older agent gets time only if the rules are an older agent’s', async () => {
    const patience = (): Promise<number> => olderAgentPatience(filter.kernel, PATIENCE_MS);
    expect(await patience()).toBeLessThan(1_000);
    await filter.load('ipv4', [':PORTCULLIS-FORWARD - [0:0]']);
    expect(await patience()).toBe(PATIENCE_MS);
    await filter.load('ipv4', [`:PORTCULLIS-LAYOUT-${FIRST_LOCKED_LAYOUT} - [0:0]`]);
    expect(await patience()).toBeLessThan(1_000);
  });
});
