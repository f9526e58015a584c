import { mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { runInside } from './in-namespace.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

const HINT = [':KUBE-IPTABLES-HINT - [0:0]'];
const CANARY = [':KUBE-KUBELET-CANARY - [0:0]'];

/** Returns a number of rules without an effect. */
const rules = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `-A INPUT -s 192.0.2.${at}/32 -j ACCEPT`);

describe('detecting the backend', () => {
  let filter: PacketFilter;
  const folder = path.join(tmpdir(), `portcullis-detect-${process.pid}`);

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
  });

  afterEach(async () => {
    await cleanUp(
      () => filter.close(),
      () => removeFolder(folder),
    );
  });

  const load = async (
    backend: Backend,
    lines: readonly string[],
    table = 'filter',
    family: IpFamily = 'ipv4',
  ): Promise<void> => {
    const input = [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
    await filter.runner.run(iptablesProgram(family, backend, 'restore'), ['--noflush'], { input });
  };

  /** @param tools the only installed tools, if not all are */
  const detected = async (tools?: readonly Backend[]): Promise<unknown> => {
    const prefix = tools === undefined ? [] : ['env', `PATH=${await folderWith(tools)}`];
    return runInside(
      filter,
      {
        detectBackend: 'kernel/detect.ts',
        createCommandRunner: 'kernel/command.ts',
        createCompanionStarter: 'kernel/companion.ts',
        createNetlink: 'kernel/netlink/netlink.ts',
        createNftReader: 'kernel/netlink/nft-reader.ts',
      },
      `const netlink = createNetlink(createCompanionStarter([], 'bytes'));
      const tools = { runner: createCommandRunner(${JSON.stringify(prefix)}), nft: createNftReader(netlink) };
      return detectBackend(tools, ['ipv4', 'ipv6'])
        .catch(({ message }) => message)
        .finally(() => netlink.stop());`,
    );
  };

  const folderWith = async (tools: readonly Backend[]): Promise<string> => {
    await removeFolder(folder);
    await mkdir(folder);
    for (const backend of tools) {
      for (const family of IP_FAMILIES) {
        for (const program of [iptablesProgram(family, backend, 'save'), iptablesProgram(family, backend, 'restore')]) {
          const place = (await filter.runner.run('sh', ['-c', `command -v ${program}`])).trim();
          await symlink(place, path.join(folder, program));
        }
      }
    }
    return folder;
  };

  const legacyTables = (): Promise<string> => filter.runner.run('cat', ['/proc/net/ip_tables_names']);

  test('the backend is nft by default, and detecting it creates no legacy tables', async () => {
    expect(await detected()).toBe('nft');
    expect(await legacyTables()).toBe('');
  });

  test('the backend is the one with more rules', async () => {
    await load('legacy', rules(3));
    expect(await detected()).toBe('legacy');
    await load('nft', rules(3));
    expect(await detected()).toBe('nft');
  });

  test('the backend is nft if legacy has tables without rules', async () => {
    await load('legacy', []);
    expect(await detected()).toBe('nft');
  });

  test.each([
    ['its hint', HINT],
    ['its canary', CANARY],
  ])('the backend is the one where the kubelet left %s, whatever the other one contains', async (_, chain) => {
    await load('nft', rules(5));
    await load('legacy', chain, 'mangle');
    expect(await detected()).toBe('legacy');
  });

  test('the backend is nft if the kubelet uses nft', async () => {
    await load('legacy', rules(5));
    await load('nft', HINT, 'mangle');
    expect(await detected()).toBe('nft');
  });

  test('rules and hints of IPv6 also decide the backend', async () => {
    await load('legacy', rules(1));
    await load('nft', rules(2));
    await load('legacy', ['-A INPUT -j ACCEPT', '-A INPUT -j DROP'], 'filter', 'ipv6');
    expect(await detected()).toBe('legacy');
    await load('nft', HINT, 'mangle', 'ipv6');
    expect(await detected()).toBe('nft');
  });

  test('the backend is legacy if only IPv6 has legacy rules', async () => {
    await load('legacy', ['-A INPUT -j ACCEPT'], 'filter', 'ipv6');
    expect(await detected()).toBe('legacy');
  });

  test('the backend is the other one if tools are missing', async () => {
    expect(await detected(['legacy'])).toBe('legacy');
    expect(await legacyTables()).toBe('');
    expect(await detected(['nft'])).toBe('nft');
    await load('legacy', rules(3));
    expect(await detected(['legacy'])).toBe('legacy');
    expect(await detected(['nft'])).toBe('nft');
  });

  test('no backend is found without tools, and the error names them', async () => {
    expect(await detected([])).toMatch(
      /^no backend of iptables can be used: ip6?tables-nft-restore --version: .*No such file.*; ip6?tables-legacy-restore --version: .*No such file/,
    );
  });

  test('the families of the backend are those of the kernel', async () => {
    expect(await runInside(filter, { detectFamilies: 'kernel/detect.ts' }, 'return detectFamilies();')).toEqual([
      'ipv4',
      'ipv6',
    ]);
  });
});
