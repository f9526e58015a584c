import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadManifests } from '../../src/cluster/manifest/load-manifests.ts';
import { type Backend, iptablesProgram } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { LAYOUT } from '../../src/program/names.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { sourceCheck } from '../../src/program/source-check.ts';
import { isEmptyPlan } from '../../src/render/plan.ts';
import { observedLayout } from '../../src/render/observed-layout.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/**
 * Layouts of other versions. `layouts/0.1.0` is what the agent of release 0.1.0 left on node1 of
 * `layouts/cluster.yaml`, from ipset save and iptables-save, without counters and dates; both backends print the same.
 */
const LAYOUTS = path.join(import.meta.dirname, 'layouts');
const FILES: Readonly<Record<IpFamily, string>> = { ipv4: 'iptables.txt', ipv6: 'ip6tables.txt' };

const read = (file: string): string => readFileSync(path.join(LAYOUTS, file), 'utf8');

/** What a future version may leave: other sets and chains, and a hook that this one does not know. */
const NEWER_SETS = [
  'create portcullis-4-newtype hash:net,port family inet hashsize 64 maxelem 1024 counters',
  'add portcullis-4-newtype 10.0.0.0/8,tcp:80',
  'create portcullis-4-listed list:set size 8',
  'add portcullis-4-listed portcullis-4-newtype',
];
const NEWER_RULES = [
  `:PORTCULLIS-LAYOUT-${LAYOUT + 1} - [0:0]`,
  ':PORTCULLIS-FORWARD - [0:0]',
  ':PORTCULLIS-INPUT - [0:0]',
  ':PORTCULLIS-N-zzzzzzzzzzzzzzz - [0:0]',
  '-A PORTCULLIS-FORWARD -m set --match-set portcullis-4-newtype src,dst -j PORTCULLIS-N-zzzzzzzzzzzzzzz',
  '-A PORTCULLIS-N-zzzzzzzzzzzzzzz -p tcp -j DROP',
  '-A PORTCULLIS-INPUT -m set --match-set portcullis-4-newtype src,dst -j DROP',
  '-I FORWARD 1 -m comment --comment "a newer jump" -j PORTCULLIS-FORWARD',
  '-I INPUT 1 -j PORTCULLIS-INPUT',
];

describe.each(['nft', 'legacy'] as const)('iptables-%s', (backend: Backend) => {
  let filter: PacketFilter;
  let program: NodeProgram;

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    const files = ['cluster.yaml', 'policy.yaml'].map((file) => path.join(LAYOUTS, file));
    const { snapshot, problems } = await loadManifests(files);
    expect(problems).toEqual([]);
    program = compileProgram(compileNodePolicy(snapshot, 'node1'));
  });

  afterEach(async () => {
    await filter.close();
  });

  const fresh = async (): Promise<string> => {
    const other = await openPacketFilter(backend);
    await other.bring(program);
    const text = await other.text();
    await other.close();
    return text;
  };

  const load010 = async (): Promise<void> => {
    await filter.runner.run('ipset', ['restore'], { input: read('0.1.0/ipset.txt') });
    for (const family of IP_FAMILIES) {
      const input = read(`0.1.0/${FILES[family]}`);
      await filter.runner.run(iptablesProgram(family, backend, 'restore'), [], { input });
    }
  };

  test('the rules of 0.1.0 become ours to the byte', async () => {
    await load010();
    expect(observedLayout(await filter.kernel.observe())).toBe(1);
    await filter.bring(program);
    expect(isEmptyPlan(await filter.left(program))).toBe(true);
    expect(await filter.text()).toBe(await fresh());
    expect(observedLayout(await filter.kernel.observe())).toBe(LAYOUT);
  });

  test('the filter table of layout 3 gets back to other programs’ rules, once the same rules are in force behind it', async () => {
    await filter.bring(program);
    const wanted = await filter.text();
    const theirs = [':THEIRS - [0:0]', '-A THEIRS -j RETURN', '-A FORWARD -j THEIRS'];
    for (const family of IP_FAMILIES) {
      const table = await filter.table(family);
      const lines = table.replace('LAYOUT-4', 'LAYOUT-3').match(/^(?::PORTCULLIS|-A).*$/gm) ?? [];
      await filter.load(family, [...lines, ...theirs], 'filter');
      const chains = [...table.matchAll(/^:(PORTCULLIS\S+)/gm)].map(([, name = '']) => name);
      await filter.load(family, ['-F', ...chains.map((name) => `-X ${name}`)]);
    }
    expect(observedLayout(await filter.kernel.observe())).toBe(3);
    const plan = await filter.bring(program);
    expect(Object.keys(plan.former ?? {})).toEqual([...IP_FAMILIES]);
    expect(isEmptyPlan(await filter.left(program))).toBe(true);
    for (const family of IP_FAMILIES) expect(await filter.table(family, 'filter')).not.toContain('PORTCULLIS');
    expect((await filter.text()).replaceAll(/^(?::THEIRS|-A THEIRS|-A FORWARD -j THEIRS).*\n/gm, '')).toBe(wanted);
  });

  test('an upgrade adds source validation and changes nothing else', async () => {
    await load010();
    await filter.bring(program);
    const before = await filter.text();
    const plan = await filter.bring({
      ipv4: { ...program.ipv4, raw: sourceCheck('ipv4', ['veth+']) },
      ipv6: { ...program.ipv6, raw: sourceCheck('ipv6', ['veth+']) },
    });
    expect(plan).toMatchObject({ prepare: '', tables: {}, finish: '', destroy: [] });
    expect(Object.values(plan.raw ?? {}).map((text) => text.match(/^\*.*$/gm))).toEqual([['*raw'], ['*raw']]);
    expect(await filter.text()).toBe(before);
  });

  test('an upgrade keeps sets with the same meaning', async () => {
    await load010();
    const plan = await filter.bring(program);
    // Only new objects are created; no object that rules of 0.1.0 name is removed before the rules are gone.
    expect(plan.prepare.split('\n').filter((line) => !/^create portcullis-[46]-held /.test(line))).toEqual(['']);
    expect(Object.values(plan.tables).map((text) => text.match(/^COMMIT$/gm)?.length)).toEqual([1, 1]);
  });

  test('a newer version’s layout is adopted; chains that other rules lead to are emptied', async () => {
    await filter.loadSets(NEWER_SETS);
    await filter.load('ipv4', NEWER_RULES);
    expect(observedLayout(await filter.kernel.observe())).toBe(LAYOUT + 1);
    await filter.bring(program);
    const table = await filter.table('ipv4');
    expect(table).not.toMatch(/LAYOUT-5|newtype|zzzz|a newer jump/);
    expect(table).toContain('-A FORWARD -j PORTCULLIS-FORWARD\n');
    // A hook of its own leads to it, so it cannot be deleted; it decides nothing.
    expect(table).toContain(':PORTCULLIS-INPUT - ');
    expect(table).not.toContain('-A PORTCULLIS-INPUT');
    // The set that another one lists is destroyed at the second attempt.
    await filter.bring(program);
    expect(await filter.sets()).not.toMatch(/newtype|listed/);
    expect(isEmptyPlan(await filter.left(program))).toBe(true);
  });
});
