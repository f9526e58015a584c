import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { createCompanionStarter } from '../../src/kernel/companion.ts';
import { createKernelLock } from '../../src/kernel/node-lock/kernel-lock.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { planChanges } from '../../src/render/plan.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { removeFolder } from '../support/clean-up.ts';
import { runInside } from './in-namespace.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');

describe('cleanup', () => {
  let filter: PacketFilter;

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
    await filter.load('ipv4', ['-A FORWARD -s 192.0.2.0/24 -j ACCEPT', ':THEIRS - [0:0]']);
    await filter.loadSets(['create theirs hash:ip', 'add theirs 192.0.2.1']);
  });

  afterEach(async () => {
    await filter.close();
  });

  const program = async (backend: Backend): Promise<void> => {
    const kernel = createKernel(filter.runner, {
      backend,
      families: IP_FAMILIES,
      xtablesWaitSeconds: 5,
      reader: filter.reader,
      nft: filter.nft,
    });
    await kernel.apply(planChanges(await kernel.observe(), programOf((await loadGolden('dual-stack')).snapshot)));
  };

  const cleanUp = (): Promise<unknown> =>
    runInside(
      filter,
      {
        cleanup: 'kernel/cleanup.ts',
        createCommandRunner: 'kernel/command.ts',
        createCompanionStarter: 'kernel/companion.ts',
        createNetlink: 'kernel/netlink/netlink.ts',
        createNftReader: 'kernel/netlink/nft-reader.ts',
        createSetReader: 'kernel/netlink/set-reader.ts',
      },
      `const netlink = createNetlink(createCompanionStarter([], 'bytes'));
      const reader = createSetReader(netlink);
      return cleanup({ runner: createCommandRunner(), reader, nft: createNftReader(netlink) }, 5)
        .catch((error) => error.message)
        .finally(() => netlink.stop());`,
    );

  const saved = async (backend: Backend): Promise<string> =>
    (await filter.runner.run(iptablesProgram('ipv4', backend, 'save'), [])).replaceAll(/^#.*\n/gm, '');

  test('cleanup removes everything of ours, and nothing else', async () => {
    const before = await filter.text();
    await program('nft');
    expect(await cleanUp()).toEqual([{ backend: 'nft', chains: 21, sets: 6 }]);
    expect(await filter.text()).toBe(before);
  });

  test('cleanup on a clean node finds nothing to do, and creates no legacy tables', async () => {
    const before = await filter.text();
    expect(await cleanUp()).toEqual([{ backend: 'nft', chains: 0, sets: 0 }]);
    expect(await filter.text()).toBe(before);
    expect(await filter.runner.run('cat', ['/proc/net/ip_tables_names'])).toBe('');
  });

  test('cleanup searches both backends', async () => {
    const before = await filter.text();
    await program('nft');
    await program('legacy');
    expect(await cleanUp()).toEqual([
      { backend: 'nft', chains: 21, sets: 0 },
      { backend: 'legacy', chains: 21, sets: 6 },
    ]);
    expect(await filter.text()).toBe(before);
    expect(await saved('legacy')).not.toContain('PORTCULLIS');
  });

  test('cleanup deletes a raw table that became empty, and no other', async () => {
    await filter.runner.run('iptables-nft', ['-t', 'raw', '-L']);
    await filter.runner.run('ip6tables-nft', ['-t', 'raw', '-A', 'OUTPUT', '-s', 'fd00::1']);
    await cleanUp();
    const tables = await filter.runner.run('nft', ['list', 'tables']);
    expect(tables).not.toContain('table ip raw');
    expect(tables).toContain('table ip6 raw');
  });

  test('cleanup names objects that other programs still use', async () => {
    await program('nft');
    await filter.load('ipv4', ['-A THEIRS -m set --match-set portcullis-4-governed src -j PORTCULLIS-STRAY']);
    expect(await cleanUp()).toBe('could not remove (still in use): PORTCULLIS-STRAY, portcullis-4-governed');
  });

  test('cleanup removes everything of ours beside rules that no tool can print, of this layout and the former one', async () => {
    await program('nft');
    await filter.load('ipv4', [':PORTCULLIS-FORWARD - [0:0]', '-A FORWARD -j PORTCULLIS-FORWARD'], 'filter');
    const native = ['numgen', 'random', 'mod', '10', 'lt', '2', 'accept'];
    for (const table of ['security', 'filter']) {
      await filter.runner.run('nft', ['insert', 'rule', 'ip', table, 'FORWARD', ...native]);
    }
    expect(await cleanUp()).toEqual([{ backend: 'nft', chains: 22, sets: 6 }]);
    for (const family of IP_FAMILIES) {
      for (const { name } of await filter.nft.chains(family)) expect(name).not.toContain('PORTCULLIS');
    }
    expect(await filter.targets('security', 'FORWARD')).toEqual(['', '']);
    expect(await filter.targets('filter', 'FORWARD')).toEqual(['']);
  });

  test('cleanup continues after a tool fails, says what it could not do, and ends with 1', async () => {
    await program('nft');
    const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-cleanup-'));
    try {
      await writeFile(
        path.join(folder, 'ip6tables-nft-restore'),
        '#!/bin/sh\necho "Table does not exist" >&2\nexit 3\n',
      );
      await chmod(path.join(folder, 'ip6tables-nft-restore'), 0o755);
      const env = ['env', `PATH=${folder}:${process.env['PATH'] ?? ''}`];
      const error: unknown = await createCommandRunner([...inNetns(filter.name), ...env])
        .run(PORTCULLIS, ['cleanup'])
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(
          /not cleaned up: the security table of ipv6 cannot be read: ip6tables-nft-restore/,
        ),
      });
    } finally {
      await removeFolder(folder);
    }
    for (const { name } of await filter.nft.chains('ipv4')) expect(name).not.toContain('PORTCULLIS');
    expect((await filter.nft.chains('ipv6')).some(({ name }) => name === 'PORTCULLIS-FORWARD')).toBe(true);
  });

  test('beside a running agent nothing is removed, unless it is forced', async () => {
    await program('nft');
    const lock = createKernelLock(createCompanionStarter(inNetns(filter.name)));
    try {
      expect(await lock.first).toBe('held');
      const runner = createCommandRunner(inNetns(filter.name));
      const error: unknown = await runner.run(PORTCULLIS, ['cleanup']).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('an agent runs on this node') });
      expect((await filter.nft.chains('ipv4')).some(({ name }) => name === 'PORTCULLIS-FORWARD')).toBe(true);
      await runner.run(PORTCULLIS, ['cleanup', '--force']);
    } finally {
      lock.stop();
    }
    for (const { name } of await filter.nft.chains('ipv4')) expect(name).not.toContain('PORTCULLIS');
  });
});
