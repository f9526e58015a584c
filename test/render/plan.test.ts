import { describe, expect, test } from '@jest/globals';
import { governedSet, isolationChain, memberSet, type SetName, spareSet } from '../../src/program/names.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import type { Chain, FamilyProgram, IpSet, NodeProgram, Rule } from '../../src/program/node-program.ts';
import { HOOKS } from '../../src/program/hooks.ts';
import type { Observed, ObservedSet } from '../../src/render/observed.ts';
import { isEmptyPlan, planChanges } from '../../src/render/plan.ts';
import { nothingObserved } from '../../src/render/nothing-observed.ts';
import { projectProgram } from '../support/project-program.ts';

const A = memberSet('ipv4', ['a']);
const B = memberSet('ipv4', ['b']);
const CHAIN = isolationChain('ingress', ['x/p'], '');
const OTHER_CHAIN = isolationChain('ingress', ['x/q'], '');

const DROP: Rule = { matches: [], verdict: { kind: 'drop' } };

const allow = (name: SetName, ...members: readonly string[]): IpSet => ({
  name,
  type: 'hash:ip',
  members: new Set(members),
  effect: 'allow',
});

const deny = (...members: readonly string[]): IpSet => ({
  name: governedSet('ipv4'),
  type: 'hash:ip',
  members: new Set(members),
  effect: 'deny',
});

const program = (sets: readonly IpSet[], chains: readonly Chain[] = [{ name: CHAIN, rules: [DROP] }]): NodeProgram => {
  const ipv4: FamilyProgram = {
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    sets: new Map(sets.map((set) => [set.name, set])),
    hooks: HOOKS,
  };
  return { ...EMPTY_PROGRAM, ipv4 };
};

const held = (of: NodeProgram): Observed => projectProgram(of, ['ipv4']);

const withSet = (observed: Observed, name: string, set: ObservedSet): Observed => ({
  ...observed,
  sets: new Map([...observed.sets, [name, set]]),
});

describe('a plan', () => {
  test('a plan to the existing state is empty', () => {
    const same = program([allow(A, '10.0.0.1'), deny('10.0.0.2')]);
    const plan = planChanges(held(same), same);
    expect(plan).toEqual({ prepare: '', tables: {}, finish: '', destroy: [], size: 0 });
    expect(isEmptyPlan(plan)).toBe(true);
  });

  test('a plan ignores families that the node does not have', () => {
    const six = { ...EMPTY_PROGRAM, ipv6: program([allow(A)]).ipv4 };
    expect(isEmptyPlan(planChanges(nothingObserved(['ipv4']), six))).toBe(true);
    expect(planChanges(nothingObserved(['ipv6']), six).tables.ipv6).toContain(CHAIN);
  });

  test('a plan for members alone is one step: first what denies, then what allows', () => {
    const plan = planChanges(
      held(program([allow(A, '10.0.0.1', '10.0.0.2'), deny('10.0.0.8')])),
      program([allow(A, '10.0.0.2', '10.0.0.3'), deny('10.0.0.9')]),
    );
    expect(plan).toEqual({
      prepare: [
        `del ${A} 10.0.0.1`,
        'add portcullis-4-governed 10.0.0.9',
        `add ${A} 10.0.0.3`,
        'del portcullis-4-governed 10.0.0.8',
        '',
      ].join('\n'),
      tables: {},
      finish: '',
      destroy: [],
      size: 4,
    });
  });

  test('a plan for members and rules has the rules in between', () => {
    const plan = planChanges(
      held(program([allow(A, '10.0.0.1')])),
      program([allow(A, '10.0.0.3'), allow(B, '10.0.0.4')], [{ name: CHAIN, rules: [] }]),
    );
    expect(plan).toEqual({
      prepare: `create ${B} hash:ip family inet hashsize 64 maxelem 1048576\nadd ${B} 10.0.0.4\ndel ${A} 10.0.0.1\n`,
      tables: { ipv4: `*security\n:${CHAIN} - [0:0]\nCOMMIT\n` },
      finish: `add ${A} 10.0.0.3\n`,
      destroy: [],
      size: 7,
    });
  });

  test('a plan names only the chains that differ; stale ones go in the same transaction', () => {
    const plan = planChanges(
      held(
        program(
          [],
          [
            { name: CHAIN, rules: [DROP] },
            { name: OTHER_CHAIN, rules: [DROP] },
          ],
        ),
      ),
      program([], [{ name: CHAIN, rules: [DROP] }]),
    );
    expect(plan.tables).toEqual({ ipv4: `*security\n:${OTHER_CHAIN} - [0:0]\n-X ${OTHER_CHAIN}\nCOMMIT\n` });
  });

  test('a plan empties a stale chain that other rules lead to, which cannot be deleted, and is then complete', () => {
    const seen = held(
      program(
        [],
        [
          { name: CHAIN, rules: [DROP] },
          { name: OTHER_CHAIN, rules: [DROP] },
        ],
      ),
    );
    const { ipv4 } = seen.tables;
    if (ipv4 === undefined) throw new Error('no table');
    const clung: Observed = { ...seen, tables: { ipv4: { ...ipv4, heldByOthers: new Set([OTHER_CHAIN]) } } };
    const wanted = program([], [{ name: CHAIN, rules: [DROP] }]);
    expect(planChanges(clung, wanted).tables).toEqual({ ipv4: `*security\n:${OTHER_CHAIN} - [0:0]\nCOMMIT\n` });
    const chains = new Map([...ipv4.chains, [OTHER_CHAIN, []]]);
    const emptied: Observed = { ...clung, tables: { ipv4: { ...ipv4, chains, heldByOthers: new Set([OTHER_CHAIN]) } } };
    expect(isEmptyPlan(planChanges(emptied, wanted))).toBe(true);
  });

  test('a plan destroys stale sets last', () => {
    const plan = planChanges(held(program([allow(A, '10.0.0.1'), allow(B)])), program([allow(B)]));
    expect(plan).toEqual({ prepare: '', tables: {}, finish: '', destroy: [`destroy ${A}`], size: 1 });
  });

  test('a plan creates a set of many members with room and buckets for them', () => {
    const many = Array.from({ length: 1_200_000 }, (_, at) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
    const { prepare } = planChanges(nothingObserved(['ipv4']), program([allow(A, ...many.slice(0, 3_000))]));
    expect(prepare.split('\n')[0]).toBe(`create ${A} hash:ip family inet hashsize 4096 maxelem 1048576`);
    const full: IpSet = { ...allow(A), members: new Set(many) };
    expect(planChanges(nothingObserved(['ipv4']), program([full])).prepare.split('\n')[0]).toBe(
      `create ${A} hash:ip family inet hashsize 65536 maxelem 2097152`,
    );
  });

  test('a plan enlarges a set beside itself with the members of both sides, and adds the rest at the end', () => {
    const small: ObservedSet = {
      type: 'hash:ip',
      family: 'ipv4',
      maxElements: 2,
      members: new Set(['10.0.0.1', '10.0.0.2']),
    };
    const wanted = program([allow(A, '10.0.0.2', '10.0.0.3', '10.0.0.4')], [{ name: CHAIN, rules: [] }]);
    const spare = spareSet(A);
    const plan = planChanges(withSet(held(program([])), A, small), wanted);
    expect(plan.prepare).toBe(
      [
        `create ${spare} hash:ip family inet hashsize 64 maxelem 1048576`,
        `add ${spare} 10.0.0.2`,
        `swap ${spare} ${A}`,
        `destroy ${spare}`,
        '',
      ].join('\n'),
    );
    expect(plan.finish).toBe(`add ${A} 10.0.0.3\nadd ${A} 10.0.0.4\n`);
  });

  test('a plan removes the spare set of an earlier attempt before it creates one, and once', () => {
    const small: ObservedSet = { type: 'hash:ip', family: 'ipv4', maxElements: 1, members: new Set(['10.0.0.1']) };
    const spare = spareSet(A);
    const seen = withSet(withSet(held(program([])), A, small), spare, { ...small, maxElements: 7 });
    const plan = planChanges(seen, program([allow(A, '10.0.0.1', '10.0.0.2')]));
    expect(plan.prepare.split('\n').slice(0, 2)).toEqual([
      `destroy ${spare}`,
      `create ${spare} hash:ip family inet hashsize 64 maxelem 1048576`,
    ]);
    expect(plan.destroy).toEqual([]);
  });

  test('a plan removes an unneeded spare set', () => {
    const left: ObservedSet = { type: 'hash:ip', family: 'ipv4', maxElements: 7, members: new Set() };
    const same = program([allow(A)]);
    expect(planChanges(withSet(held(same), spareSet(A), left), same).destroy).toEqual([`destroy ${spareSet(A)}`]);
  });

  test('a plan re-creates a set of another type, which cannot be swapped', () => {
    const odd: ObservedSet = { type: 'hash:net', family: 'ipv4', maxElements: 7, members: new Set(['10.0.0.0/8']) };
    const plan = planChanges(withSet(held(program([])), A, odd), program([allow(A, '10.0.0.1')]));
    expect(plan.prepare).toBe(
      `destroy ${A}\ncreate ${A} hash:ip family inet hashsize 64 maxelem 1048576\nadd ${A} 10.0.0.1\n`,
    );
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['missing', ['-j KUBE'], ['-I FORWARD 1 -j PORTCULLIS-FORWARD']],
    [
      'second',
      ['-j KUBE', '-j PORTCULLIS-FORWARD'],
      ['-D FORWARD -j PORTCULLIS-FORWARD', '-I FORWARD 1 -j PORTCULLIS-FORWARD'],
    ],
    [
      'there twice',
      ['-j PORTCULLIS-FORWARD', '-j PORTCULLIS-FORWARD'],
      ['-D FORWARD -j PORTCULLIS-FORWARD', '-D FORWARD -j PORTCULLIS-FORWARD', '-I FORWARD 1 -j PORTCULLIS-FORWARD'],
    ],
    [
      'of another shape',
      ['-i eth0 -m comment --comment "a b" -g PORTCULLIS-OLD'],
      ['-D FORWARD -i eth0 -m comment --comment "a b" -g PORTCULLIS-OLD', '-I FORWARD 1 -j PORTCULLIS-FORWARD'],
    ],
    [
      'only named in a comment',
      ['-m comment --comment "-j PORTCULLIS-X" -j KUBE'],
      ['-I FORWARD 1 -j PORTCULLIS-FORWARD'],
    ],
  ])('a plan puts the jump where it belongs when it is %s', (_, forward, lines) => {
    const same = program([]);
    const seen = held(same);
    const { ipv4 } = seen.tables;
    if (ipv4 === undefined) throw new Error('no table');
    const moved: Observed = { ...seen, tables: { ipv4: { ...ipv4, hooks: { ...ipv4.hooks, FORWARD: forward } } } };
    expect(planChanges(moved, same).tables.ipv4).toBe(['*security', ...lines, 'COMMIT', ''].join('\n'));
  });

  test('a plan to nothing removes everything of ours, jumps first', () => {
    const plan = planChanges(held(program([allow(A, '10.0.0.1')])), EMPTY_PROGRAM);
    expect(plan.tables.ipv4).toBe(
      [
        '*security',
        `:${CHAIN} - [0:0]`,
        '-D FORWARD -j PORTCULLIS-FORWARD',
        '-D OUTPUT -j PORTCULLIS-OUTPUT',
        `-X ${CHAIN}`,
        'COMMIT',
        '',
      ].join('\n'),
    );
    expect(plan.destroy).toEqual([`destroy ${A}`]);
  });
});
