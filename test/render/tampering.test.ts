import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Observed } from '../../src/render/observed.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { parseIpsetSave } from '../support/parse-ipset.ts';
import { parseIptablesSave } from '../../src/render/parse-iptables.ts';
import { planChanges } from '../../src/render/plan.ts';
import { projectProgram } from '../support/project-program.ts';
import { describeTampering } from '../../src/render/describe-tampering.ts';
import { findTampering } from '../../src/render/tampering.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { randomCluster } from './random-cluster.ts';

const programOf = (snapshot: ClusterSnapshot) => compileProgram(compileNodePolicy(snapshot, 'n1'));

const PROGRAM = programOf(
  cluster(
    { shop: {} },
    [
      pod('shop/web', { app: 'web' }, { ips: ['10.1.1.10'] }),
      pod('shop/api', { app: 'api' }, { ips: ['10.1.1.11'] }),
      pod('shop/cron', { app: 'api' }, { ips: ['10.1.1.12'] }),
    ],
    [
      policy('shop/web', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }],
      }),
    ],
  ),
);

const CHAIN = [...PROGRAM.ipv4.chains.keys()].find((name) => name.startsWith('PORTCULLIS-I-')) ?? '';
const SET = [...PROGRAM.ipv4.sets.values()].find(({ effect }) => effect === 'allow')?.name ?? '';

/** Returns the IPv4 table in the format of iptables-save, one rule per line, and the sets. */
const GOOD = projectProgram(PROGRAM, ['ipv4']);
const TABLE: readonly string[] = [
  ...[...(GOOD.tables.ipv4?.chains ?? [])].flatMap(([name, rules]) => [
    `:${name} - [0:0]`,
    ...rules.map((rule) => `-A ${name} ${rule}`),
  ]),
  '-A FORWARD -j PORTCULLIS-FORWARD',
  '-A OUTPUT -j PORTCULLIS-OUTPUT',
];
const SETS: readonly string[] = [...GOOD.sets].flatMap(([name, { type, members }]) => [
  `create ${name} ${type} family inet hashsize 64 maxelem 1048576`,
  ...[...members].map((member) => `add ${name} ${member}`),
]);

const seen = (table: readonly string[], sets: readonly string[] = SETS): Observed => ({
  tables: { ipv4: parseIptablesSave(table.join('\n')) },
  sets: parseIpsetSave(sets.join('\n')),
});

const without = (lines: readonly string[], part: string): readonly string[] =>
  lines.filter((line) => !line.includes(part));

const found = (observed: Observed): readonly string[] =>
  findTampering(observed, PROGRAM).map(({ kind, name }) => `${kind} ${name}`);

describe('finding drift', () => {
  test('there is no drift if everything is as it was', () => {
    expect(found(seen(TABLE))).toEqual([]);
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['a jump deleted', without(TABLE, '-A FORWARD'), ['jump_missing FORWARD']],
    ['rules before the jump', ['-A OUTPUT -j ACCEPT', ...TABLE], ['jump_displaced OUTPUT']],
    ['the jump doubled', [...TABLE, '-A FORWARD -j PORTCULLIS-FORWARD'], ['jump_added FORWARD']],
    ['a jump of other shape', [...TABLE, `-A FORWARD -p tcp -g ${CHAIN}`], ['jump_added FORWARD']],
    [
      'the jump replaced',
      [...without(TABLE, '-A FORWARD'), '-A FORWARD -p tcp -j PORTCULLIS-FORWARD'],
      ['jump_missing FORWARD', 'jump_added FORWARD'],
    ],
    ['a chain deleted', without(TABLE, CHAIN), ['chain_changed PORTCULLIS-INGRESS', `chain_missing ${CHAIN}`]],
    ['a chain flushed', without(TABLE, `-A ${CHAIN}`), [`chain_changed ${CHAIN}`]],
    ['a rule added', [...TABLE, `-A ${CHAIN} -j ACCEPT`], [`chain_changed ${CHAIN}`]],
    ['a chain like ours', [...TABLE, ':PORTCULLIS-X - [0:0]'], ['chain_added PORTCULLIS-X']],
    ['a chain of others', [...TABLE, ':KUBE-FORWARD - [0:0]', '-A KUBE-FORWARD -j ACCEPT'], []],
    [
      'a chain like ours that others lead to, emptied',
      [...TABLE, ':PORTCULLIS-X - [0:0]', ':KUBE-FORWARD - [0:0]', '-A KUBE-FORWARD -j PORTCULLIS-X'],
      [],
    ],
  ])('drift of a table is found: %s', (_, table, expected) => {
    expect(found(seen(table)).toSorted()).toEqual([...expected].sort());
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['a set gone', without(SETS, SET), [`set_missing ${SET}`]],
    ['a member added', [...SETS, `add ${SET} 192.0.2.1`], [`members_added ${SET}`]],
    ['a member removed', without(SETS, '10.1.1.12'), [`members_removed ${SET}`]],
    [
      'a member swapped',
      [...without(SETS, '10.1.1.12'), `add ${SET} 192.0.2.1`],
      [`members_added ${SET}`, `members_removed ${SET}`],
    ],
    [
      'a set of another type',
      SETS.map((line) => line.replace(`${SET} hash:ip `, `${SET} hash:net `)),
      [`set_changed ${SET}`],
    ],
    ['too little room', SETS.map((line) => line.replace('maxelem 1048576', 'maxelem 1')), [`set_changed ${SET}`]],
    ['a set that nothing asks for', [...SETS, 'create portcullis-4-x hash:ip family inet maxelem 9'], []],
  ])('drift of a set is found: %s', (_, sets, expected) => {
    expect(found(seen(TABLE, sets))).toEqual(expected);
  });

  test('drift is found exactly if there is something to repair', () => {
    fc.assert(
      fc.property(randomCluster, randomCluster, (one, other) => {
        const before = projectProgram(programOf(one), ['ipv4', 'ipv6']);
        const program = programOf(other);
        const plan = planChanges(before, program);
        expect(findTampering(before, program).length > 0).toBe(plan.size > plan.destroy.length);
      }),
      { numRuns: 200, seed: 20_260_101 },
    );
  });

  test('drift is described in one sentence with a few names', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(
      describeTampering([
        { kind: 'jump_missing', family: 'ipv4', name: 'FORWARD' },
        ...names.map((name) => ({ kind: 'members_added', family: 'ipv6', name }) as const),
      ]),
    ).toBe(
      'the jump to our rules is gone from: FORWARD (ipv4); members were added to: a (ipv6), b (ipv6), c (ipv6) and 2 more',
    );
  });
});
