import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { spareSet } from '../../src/program/names.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { isEmptyPlan } from '../../src/render/plan.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];

/** Possible changes to our rules, as restore lines. */
const TAMPERING: readonly (readonly [what: string, lines: readonly string[]])[] = [
  ['a rule of theirs before the jump', ['-I FORWARD 1 -p udp -j ACCEPT']],
  ['the jump deleted', ['-D FORWARD -j PORTCULLIS-FORWARD']],
  ['the jump doubled', ['-A FORWARD -j PORTCULLIS-FORWARD', '-I FORWARD 1 -j PORTCULLIS-FORWARD']],
  [
    'a jump of other shape',
    ['-I OUTPUT 1 -p tcp -g PORTCULLIS-OUTPUT', '-A FORWARD -d 10.1.1.10/32 -j PORTCULLIS-STRAY'],
  ],
  ['the built-in chain flushed', ['-F FORWARD']],
  ['our chain flushed', [':PORTCULLIS-INGRESS - [0:0]']],
  ['a rule added to our chain', ['-I PORTCULLIS-FORWARD 1 -j ACCEPT']],
  ['a rule taken from our chain', ['-D PORTCULLIS-STRAY 1']],
  ['a chain that looks like ours', [':PORTCULLIS-I-madeup - [0:0]', '-A PORTCULLIS-I-madeup -j DROP']],
  ['all of it deleted', ['-F', '-X']],
];

describe.each(BACKENDS)('iptables-%s', (backend) => {
  let filter: PacketFilter;
  let program: NodeProgram;
  let good: string;

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    program = programOf((await loadGolden('both-ends')).snapshot);
    await filter.bring(program);
    good = await filter.text();
  });

  afterEach(async () => {
    await filter.close();
  });

  test.each(TAMPERING)('drift is found and repaired: %s', async (what, lines) => {
    await filter.load('ipv4', lines);
    expect((await filter.left(program)).size).toBeGreaterThan(0);
    await filter.bring(program);
    expect(isEmptyPlan(await filter.left(program))).toBe(true);
    const theirs = what === 'a rule of theirs before the jump' ? '-A FORWARD -p udp -j ACCEPT\n' : '';
    expect(await filter.text()).toBe(good.replace('-A FORWARD -j PORTCULLIS-FORWARD\n', (jump) => jump + theirs));
  });

  test('members that were added and removed by hand are repaired', async () => {
    const [name = ''] = program.ipv4.sets.keys();
    await filter.loadSets([`add ${name} 192.0.2.99`, 'del portcullis-4-governed 10.1.1.10']);
    const plan = await filter.bring(program);
    expect(plan).toMatchObject({
      prepare: `del ${name} 192.0.2.99\nadd portcullis-4-governed 10.1.1.10\n`,
      tables: {},
      finish: '',
    });
    expect(await filter.text()).toBe(good);
  });

  test('an unwanted set of ours is removed', async () => {
    await filter.loadSets(['create portcullis-4-madeup list:set', 'create portcullis-6-madeup hash:ip family inet6']);
    expect((await filter.bring(program)).size).toBe(2);
    expect(await filter.text()).toBe(good);
  });

  test.each([
    ['too small', 'hash:ip family inet maxelem 2', ['10.1.1.20', '192.0.2.1']],
    ['of another family', 'hash:ip family inet6', ['fd00::1']],
    ['of another type', 'hash:net family inet', ['10.0.0.0/8']],
  ])('a set %s is replaced before the rules that need it', async (_, type, members) => {
    const cluster = programOf((await loadGolden('operators')).snapshot);
    const [name = '', set] = [...cluster.ipv4.sets].find(([, { members }]) => members.size === 4) ?? [];
    await filter.loadSets([`create ${name} ${type}`, ...members.map((member) => `add ${name} ${member}`)]);
    await filter.bring(cluster);
    expect(isEmptyPlan(await filter.left(cluster))).toBe(true);
    expect((await filter.kernel.observe()).sets.get(name)?.members).toEqual(set?.members);
  });

  test('a set in use that became too small is replaced in place', async () => {
    const cluster = programOf((await loadGolden('operators')).snapshot);
    await filter.bring(cluster);
    const all = await filter.text();
    const [name] = [...cluster.ipv4.sets].find(([, set]) => set.members.size === 4) ?? [];
    if (name === undefined) throw new Error('no set of four');
    await filter.loadSets([
      'create small hash:ip family inet maxelem 2',
      'add small 10.1.1.10',
      `swap small ${name}`,
      'destroy small',
      // As after a change that was cut short.
      `create ${spareSet(name)} hash:ip family inet maxelem 3`,
    ]);
    await filter.bring(cluster);
    expect(await filter.text()).toBe(all);
  });
});
