import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { runInside } from './in-namespace.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const HINT = [':KUBE-IPTABLES-HINT - [0:0]'];
const CANARY = [':KUBE-KUBELET-CANARY - [0:0]'];

/** So many rules that mean nothing. */
const rules = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `-A INPUT -s 192.0.2.${at}/32 -j ACCEPT`);

describe('the backend', () => {
  let filter: PacketFilter;

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
  });

  afterEach(async () => {
    await filter.close();
  });

  const load = async (backend: Backend, lines: readonly string[], table = 'filter'): Promise<void> => {
    const input = [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
    await filter.runner.run(iptablesProgram('ipv4', backend, 'restore'), ['--noflush'], { input });
  };

  const detected = (): Promise<unknown> =>
    runInside(
      filter,
      { detectBackend: 'kernel/detect.ts', createCommandRunner: 'kernel/command.ts' },
      'return detectBackend(createCommandRunner());',
    );

  const legacyTables = (): Promise<string> => filter.runner.run('cat', ['/proc/net/ip_tables_names']);

  test('is nft where nobody said anything, and asking makes no legacy tables', async () => {
    expect(await detected()).toBe('nft');
    expect(await legacyTables()).toBe('');
  });

  test('is the one that holds more rules', async () => {
    await load('legacy', rules(3));
    expect(await detected()).toBe('legacy');
    await load('nft', rules(3));
    expect(await detected()).toBe('nft');
  });

  test('is nft where legacy has tables without rules', async () => {
    await load('legacy', []);
    expect(await detected()).toBe('nft');
  });

  test.each([
    ['its hint', HINT],
    ['its canary', CANARY],
  ])('is the one where the kubelet left %s, whatever the other holds', async (_, chain) => {
    await load('nft', rules(5));
    await load('legacy', chain, 'mangle');
    expect(await detected()).toBe('legacy');
  });

  test('is nft where the kubelet speaks nft', async () => {
    await load('legacy', rules(5));
    await load('nft', HINT, 'mangle');
    expect(await detected()).toBe('nft');
  });

  test('has the families of the kernel', async () => {
    expect(await runInside(filter, { detectFamilies: 'kernel/detect.ts' }, 'return detectFamilies();')).toEqual([
      'ipv4',
      'ipv6',
    ]);
  });
});
