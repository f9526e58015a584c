import type { SetReader } from '../../src/kernel/netlink/set-reader.ts';
import { parseIpsetSave } from '../support/parse-ipset.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CommandError, type CommandRunner } from '../../src/kernel/command.ts';
import { createIpSets } from '../../src/kernel/restore-programs.ts';
import { createFamilyTables } from '../../src/kernel/family-tables.ts';
import type { Backend } from '../../src/kernel/iptables.ts';
import { createFakeRunner } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/** The fake must be as strict as the kernel: both refuse these, and both accept those. */
const BACKENDS: readonly Backend[] = ['nft', 'legacy'];

const SETS = [
  'create portcullis-four hash:ip family inet hashsize 64 maxelem 2',
  'add portcullis-four 10.0.0.1',
  'create portcullis-six hash:ip family inet6 hashsize 64 maxelem 1024',
  'create portcullis-net hash:net family inet hashsize 64 maxelem 1024',
  'create portcullis-port hash:ip,port family inet hashsize 64 maxelem 1024',
];

const TABLE = [
  ':PORTCULLIS-A - [0:0]',
  ':PORTCULLIS-B - [0:0]',
  '-A PORTCULLIS-A -m set --match-set portcullis-four src -j PORTCULLIS-B',
  '-A PORTCULLIS-B -s 10.0.0.1/32 -j DROP',
];

const TAKEN_SETS: readonly (readonly string[])[] = [
  ['add portcullis-four 10.0.0.1'],
  ['del portcullis-four 10.0.0.9'],
  ['create portcullis-four hash:ip family inet hashsize 128 maxelem 2'],
  [
    'create portcullis-new hash:ip family inet hashsize 64 maxelem 4',
    'swap portcullis-new portcullis-four',
    'destroy portcullis-new',
  ],
  ['destroy portcullis-six'],
  ['destroy portcullis-none'],
  ['flush portcullis-four'],
  ['add portcullis-net 10.0.0.0/8', 'add portcullis-net 10.0.0.1'],
  ['add portcullis-port 10.0.0.1,sctp:80', 'add portcullis-port 10.0.0.1,tcp:65535'],
  [`create portcullis-${'n'.repeat(20)} hash:ip family inet hashsize 64 maxelem 4`],
];

const REFUSED_SETS: readonly (readonly string[])[] = [
  ['add portcullis-none 10.0.0.1'],
  ['del portcullis-none 10.0.0.1'],
  ['flush portcullis-none'],
  ['destroy portcullis-four'],
  ['create portcullis-four hash:ip family inet hashsize 64 maxelem 3'],
  ['create portcullis-four hash:net family inet hashsize 64 maxelem 2'],
  ['swap portcullis-four portcullis-net'],
  ['swap portcullis-four portcullis-six'],
  ['swap portcullis-four portcullis-none'],
  ['add portcullis-four fd00::1'],
  ['add portcullis-six 10.0.0.1'],
  ['add portcullis-four 10.0.0.2', 'add portcullis-four 10.0.0.3'],
  ['add portcullis-net 0.0.0.0/0'],
  ['add portcullis-net 10.0.0.0/33'],
  ['add portcullis-port 10.0.0.1'],
  ['add portcullis-port 10.0.0.1,tcp:65536'],
  ['add portcullis-four not-an-address'],
  ['create portcullis-odd hash:odd family inet'],
  ['create portcullis-odd hash:ip family inet maxelem none'],
  ['create portcullis-odd hash:ip family inet colour red'],
  ['nonsense'],
  [`create portcullis-${'n'.repeat(21)} hash:ip family inet hashsize 64 maxelem 4`],
];

const TAKEN_RULES: readonly (readonly string[])[] = [
  ['-A PORTCULLIS-B -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15 -j RETURN'],
  ['-A PORTCULLIS-B -p sctp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15 -j RETURN'],
  ['-D PORTCULLIS-B -s 10.0.0.1/32 -j DROP'],
  [':PORTCULLIS-B - [0:0]', '-A PORTCULLIS-B -j RETURN'],
  [':PORTCULLIS-A - [0:0]', ':PORTCULLIS-B - [0:0]', '-X PORTCULLIS-A', '-X PORTCULLIS-B'],
  [':PORTCULLIS-A - [0:0]', '-X PORTCULLIS-A'],
  [':PORTCULLIS-C - [0:0]', '-A PORTCULLIS-C -g PORTCULLIS-A', '-I FORWARD 1 -j PORTCULLIS-C'],
  ['-A PORTCULLIS-B -m set ! --match-set portcullis-port dst,dst -j DROP'],
  [`:PORTCULLIS-${'N'.repeat(17)} - [0:0]`],
  [`-A PORTCULLIS-B -m comment --comment "${'c'.repeat(255)}" -j DROP`],
];

const REFUSED_RULES: readonly (readonly string[])[] = [
  ['-A PORTCULLIS-NONE -j DROP'],
  ['-A PORTCULLIS-B -j PORTCULLIS-NONE'],
  ['-A PORTCULLIS-B -g PORTCULLIS-NONE'],
  ['-D PORTCULLIS-B -s 10.0.0.2/32 -j DROP'],
  ['-X PORTCULLIS-B'],
  [':PORTCULLIS-B - [0:0]', '-X PORTCULLIS-B'],
  ['-X PORTCULLIS-NONE'],
  ['-A PORTCULLIS-B -j PORTCULLIS-A', '-A FORWARD -j PORTCULLIS-A'],
  ['-A PORTCULLIS-B -m set --match-set portcullis-none src -j DROP'],
  ['-A PORTCULLIS-B -s 10.0.0.0/33 -j DROP'],
  ['-A PORTCULLIS-B -s fd00::1/128 -j DROP'],
  ['-A PORTCULLIS-B -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j RETURN'],
  ['-A PORTCULLIS-B -p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16 -j RETURN'],
  ['-A PORTCULLIS-B -m multiport --dports 1,2 -j RETURN'],
  ['-A PORTCULLIS-B -p tcp -m tcp --dport 65536 -j RETURN'],
  ['-A PORTCULLIS-B -p tcp -m tcp --dport 9:1 -j RETURN'],
  ['-A PORTCULLIS-B -p nonsense -j RETURN'],
  ['-A PORTCULLIS-B -m nonsense -j RETURN'],
  ['-A PORTCULLIS-B --nonsense -j RETURN'],
  ['-A PORTCULLIS-B -m comment -j DROP'],
  ['-A PORTCULLIS-B -m limit --limit 0/sec -j DROP'],
  ['-A PORTCULLIS-B -m conntrack --ctstate ODD -j DROP'],
  [`:PORTCULLIS-${'N'.repeat(18)} - [0:0]`],
  ['-A PORTCULLIS-B -j DROP', '-A PORTCULLIS-NONE -j DROP'],
  ['nonsense'],
];

/** Input that the tools accept but ignore, or print differently, which would count as drift forever. */
const STRICTER_SETS: readonly (readonly string[])[] = [
  ['create portcullis-four hash:ip family inet6 hashsize 64 maxelem 2'],
  ['add portcullis-net 10.0.0.1/32'],
  ['add portcullis-net 10.0.0.1/8'],
  ['add portcullis-six FD00::1'],
];

const STRICTER_RULES: readonly (readonly string[])[] = [
  [`-A PORTCULLIS-B -m comment --comment "${'c'.repeat(256)}" -j DROP`],
  ['-A PORTCULLIS-B -s 10.0.0.1/8 -j DROP'],
  ['-A PORTCULLIS-B -s 10.0.0.1 -j DROP'],
  ['-A PORTCULLIS-B -j PORTCULLIS-A'],
];

/** One world and the four texts of its state. */
interface World {
  readonly runner: CommandRunner;
  state(): Promise<string>;
}

const tableText = (lines: readonly string[]): string => ['*security', ...lines, 'COMMIT', ''].join('\n');

const setText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

describe.each(BACKENDS)('iptables-%s and the fake host', (backend) => {
  let filter: PacketFilter;
  let real: World;
  let fake: World;

  const table = ({ runner }: Pick<World, 'runner'>) =>
    createFamilyTables(runner, { family: 'ipv4', backend, home: 'security', waitSeconds: 5, nft: filter.nft });

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    const worldOf = (runner: CommandRunner, readSets: SetReader['read']): World => ({
      runner,
      async state() {
        const { chains, hooks } = await table({ runner }).read();
        const sets = await readSets();
        return JSON.stringify([
          [...chains].sort(([a], [b]) => (a < b ? -1 : 1)),
          hooks,
          [...sets]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, set]) => [name, { ...set, members: [...set.members].sort() }]),
        ]);
      },
    });
    real = worldOf(filter.runner, filter.reader.read);
    const fakeRunner = createFakeRunner(createFakeHost());
    fake = worldOf(fakeRunner, async () => parseIpsetSave(await fakeRunner.run('ipset', ['save'])));
    for (const world of [real, fake]) {
      await createIpSets(world.runner).restore(setText(SETS));
      await table(world).restore(tableText(TABLE));
    }
  });

  afterEach(async () => {
    await filter.close();
  });

  /** @returns the state afterwards, which must be the same in both worlds */
  const agree = async (
    work: (world: World) => Promise<void>,
    outcome: 'taken' | 'refused',
  ): Promise<readonly [string, string]> => {
    const before = await real.state();
    expect(await fake.state()).toBe(before);
    for (const world of [real, fake]) {
      const done = work(world);
      if (outcome === 'taken') await done;
      else await expect(done).rejects.toBeInstanceOf(CommandError);
    }
    const after = await real.state();
    expect(await fake.state()).toBe(after);
    return [before, after];
  };

  test.each(TAKEN_SETS.map((lines) => [lines] as const))('kernel and fake host accept %j', async (lines) => {
    await agree(({ runner }) => createIpSets(runner).restore(setText(lines)), 'taken');
  });

  test.each(REFUSED_SETS.map((lines) => [lines] as const))('kernel and fake host refuse %j', async (lines) => {
    await agree(({ runner }) => createIpSets(runner).restore(setText(lines)), 'refused');
  });

  test.each(TAKEN_RULES.map((lines) => [lines] as const))('kernel and fake host load %j', async (lines) => {
    const [before, after] = await agree((world) => table(world).restore(tableText(lines)), 'taken');
    expect(after).not.toBe(before);
  });

  test.each(STRICTER_SETS.map((lines) => [lines] as const))('kernel and fake host differ about %j', async (lines) => {
    await createIpSets(real.runner).restore(setText(lines));
    expect(await real.state()).not.toContain(`"${lines[0]?.split(' ').at(-1) ?? ''}"`);
    await expect(createIpSets(fake.runner).restore(setText(lines))).rejects.toBeInstanceOf(CommandError);
  });

  test.each(STRICTER_RULES.map((lines) => [lines] as const))('kernel and fake host differ about %j', async (lines) => {
    await table(real).restore(tableText(lines));
    await expect(table(fake).restore(tableText(lines))).rejects.toBeInstanceOf(CommandError);
  });

  test.each(REFUSED_RULES.map((lines) => [lines] as const))(
    'kernel and fake host load no part of %j',
    async (lines) => {
      const [before, after] = await agree((world) => table(world).restore(tableText(lines)), 'refused');
      expect(after).toBe(before);
    },
  );
});
