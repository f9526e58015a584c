import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { isEmptyPlan } from '../../src/render/plan.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];

/** Rules of other programs, with names that are almost ours. */
const STRANGERS: readonly string[] = [
  ':KUBE-FORWARD - [0:0]',
  ':PORTCULLI - [0:0]',
  ':portcullis-forward - [0:0]',
  '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
  '-A KUBE-FORWARD -m comment --comment "a \\"quoted\\" word and a \\\\" -j RETURN',
  '-A PORTCULLI -j RETURN',
  '-A FORWARD -m comment --comment "-j PORTCULLIS-FORWARD" -j KUBE-FORWARD',
  '-A FORWARD -i lo -o lo -g PORTCULLI',
  '-A OUTPUT -d 192.0.2.0/24 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
];

const forFamily = (family: string): readonly string[] =>
  STRANGERS.map((line) => (family === 'ipv6' ? line.replace('192.0.2.0/24', '2001:db8::/32') : line));

const STRANGE_SETS: readonly string[] = [
  'create portculli hash:ip family inet',
  'add portculli 192.0.2.1',
  'create PORTCULLIS-4 hash:net family inet',
  'add PORTCULLIS-4 192.0.2.0/24',
];

/** Returns the lines that name nothing of ours. */
const foreign = (text: string): readonly string[] =>
  text.split('\n').filter((line) => !line.includes(' portcullis-') && !/(?:^:|^-A | -[jg] )PORTCULLIS-/.test(line));

describe.each(BACKENDS)('iptables-%s', (backend) => {
  let filter: PacketFilter;
  let before: string;

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    for (const family of IP_FAMILIES) await filter.load(family, forFamily(family));
    await filter.loadSets(STRANGE_SETS);
    before = await filter.text();
  });

  afterEach(async () => {
    await filter.close();
  });

  test('rules and sets of other programs stay as they were, byte for byte', async () => {
    for (const name of ['dual-stack', 'thirty-pods', 'ip-block-union', 'no-policy', 'named-egress']) {
      await filter.bring(programOf((await loadGolden(name)).snapshot));
      expect(foreign(await filter.text())).toEqual(foreign(before));
    }
    await filter.bring(EMPTY_PROGRAM);
    expect(await filter.text()).toBe(before);
  });

  test('our jump goes before other programs’ rules, whose order stays', async () => {
    await filter.bring(programOf((await loadGolden('no-policy')).snapshot));
    const { hooks } = (await filter.kernel.observe()).tables.ipv4 ?? {};
    expect(hooks).toEqual({
      FORWARD: [
        '-j PORTCULLIS-FORWARD',
        '-m comment --comment "-j PORTCULLIS-FORWARD" -j KUBE-FORWARD',
        '-i lo -o lo -g PORTCULLI',
      ],
      OUTPUT: ['-j PORTCULLIS-OUTPUT', '-d 192.0.2.0/24 -j ACCEPT'],
    });
  });

  test('a chain that other rules lead to is emptied and stays, and does not keep anything else', async () => {
    const first = programOf((await loadGolden('pod-selector')).snapshot);
    await filter.bring(first);
    const isolation = [...first.ipv4.chains.keys()].find((name) => name.startsWith('PORTCULLIS-I-')) ?? '';
    await filter.load('ipv4', [`-A KUBE-FORWARD -j ${isolation}`]);
    const second = programOf((await loadGolden('deny-all')).snapshot);
    await filter.bring(second);
    expect(isEmptyPlan(await filter.left(second))).toBe(true);
    await filter.bring(EMPTY_PROGRAM);
    expect([...((await filter.kernel.observe()).tables.ipv4?.chains ?? [])]).toEqual([[isolation, []]]);
    await filter.load('ipv4', [`-D KUBE-FORWARD -j ${isolation}`]);
    await filter.bring(EMPTY_PROGRAM);
    expect(await filter.text()).toBe(before);
  });

  test('a set that other programs use stays, and does not keep the other sets', async () => {
    const program = programOf((await loadGolden('pod-selector')).snapshot);
    await filter.bring(program);
    const [used, other] = [...program.ipv4.sets.keys()];
    await filter.load('ipv4', [`-A INPUT -m set --match-set ${used ?? ''} src -j DROP`]);
    await filter.bring(EMPTY_PROGRAM);
    const left = await filter.kernel.observe();
    expect([...left.sets.keys()]).toEqual([used]);
    expect(other).toBeDefined();
    await filter.load('ipv4', [`-D INPUT -m set --match-set ${used ?? ''} src -j DROP`]);
    await filter.bring(EMPTY_PROGRAM);
    expect(await filter.text()).toBe(before);
    expect(isEmptyPlan(await filter.left(EMPTY_PROGRAM))).toBe(true);
  });
});
