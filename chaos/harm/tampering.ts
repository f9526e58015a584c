import type { IpFamily } from '../../src/model/family.ts';
import { iptablesProgram } from '../../src/lab/service.ts';
import type { Random } from '../random.ts';
import type { Harm } from './harm.ts';

/** Another program's changes to a node's rules, as lines of restore text; empty if there is nothing to change. */
type Hand = (table: readonly string[], random: Random) => readonly string[];

const FAMILIES: readonly IpFamily[] = ['ipv4', 'ipv6'];

const ownRules = (table: readonly string[]): readonly string[] =>
  table.filter((line) => line.startsWith('-A PORTCULLIS-'));

const ownChains = (table: readonly string[]): readonly string[] =>
  table.flatMap((line) => /^:(PORTCULLIS-\S+)/.exec(line)?.[1] ?? []);

const byRestore = (name: string, hand: Hand, undo: readonly string[] = []): Harm => ({
  name,
  kind: 'tampering',
  weight: 1,
  async strike(stage, random) {
    const { node } = random.pick(stage.posts);
    const family = random.pick(FAMILIES);
    const restore = (lines: readonly string[]): Promise<string> =>
      node.runner.run(iptablesProgram(family, stage.backend, '-restore'), ['--noflush', '-w', '5'], {
        input: ['*security', ...lines, 'COMMIT', ''].join('\n'),
      });
    const table = await node.runner.run(iptablesProgram(family, stage.backend, '-save'), ['-t', 'security']);
    const lines = hand(table.split('\n'), random);
    if (lines.length > 0) await restore(lines);
    return {
      tampered: [node.spec.name],
      async heal() {
        // The agent leaves foreign rules alone, so the test removes its own.
        if (undo.length > 0) await restore(undo);
      },
    };
  },
});

const ownSets = (text: string): readonly string[] =>
  [...text.matchAll(/^create (portcullis-\S+) hash:ip family/gm)].map(([, name = '']) => name);

const withSets = (name: string, hand: (sets: string, random: Random) => readonly string[]): Harm => ({
  name,
  kind: 'tampering',
  weight: 1,
  async strike(stage, random) {
    const post = random.pick(stage.posts);
    const lines = hand(await post.node.runner.run('ipset', ['save']), random);
    if (lines.length > 0) await post.node.runner.run('ipset', ['-exist', 'restore'], { input: `${lines.join('\n')}\n` });
    return { tampered: [post.node.spec.name], heal: () => Promise.resolve() };
  },
});

export const TAMPERING: readonly Harm[] = [
  byRestore('FORWARD flushed', () => ['-F FORWARD']),
  byRestore('table flushed', () => ['-F']),
  byRestore('all chains deleted', () => ['-F', '-X']),
  byRestore('jump deleted', (table) => table.filter((line) => line === '-A FORWARD -j PORTCULLIS-FORWARD').map((line) => line.replace('-A', '-D'))),
  byRestore('jump displaced', () => ['-I FORWARD 1 -j ACCEPT'], ['-D FORWARD -j ACCEPT']),
  byRestore('own chain flushed', (table, random) => {
    const chains = ownChains(table);
    return chains.length === 0 ? [] : [`-F ${random.pick(chains)}`];
  }),
  byRestore('rule deleted', (table, random) => {
    const rules = ownRules(table);
    return rules.length === 0 ? [] : [random.pick(rules).replace('-A', '-D')];
  }),
  byRestore('rule added', (table, random) => {
    const chains = ownChains(table);
    return chains.length === 0 ? [] : [`-I ${random.pick(chains)} 1 -j ${random.pick(['ACCEPT', 'DROP', 'RETURN'])}`];
  }),
  withSets('members added', (sets, random) => {
    const names = ownSets(sets);
    if (names.length === 0) return [];
    const name = random.pick(names);
    const six = name.startsWith('portcullis-6');
    return [1, 2, 3, 4, 5].map((at) => `add ${name} ${six ? `fd00:1::${at}` : `10.0.1.${at}`}`);
  }),
  withSets('members removed', (sets, random) => {
    const names = ownSets(sets);
    return names.length === 0 ? [] : [`flush ${random.pick(names)}`];
  }),
];
