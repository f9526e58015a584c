import { describe, expect, test } from '@jest/globals';
import { type Attack, BOTH, EVERYWHERE, V6 } from './attack.ts';
import { faultsOf, type KnownOpen } from './judge.ts';
import { outcomeOf } from './report.ts';
import { casesOf, type Row } from './run-attacks.ts';

const ATTACK: Attack = {
  name: 'group/attack',
  what: 'something',
  needs: 'nothing',
  networks: EVERYWHERE,
  families: BOTH,
  form: () => undefined,
  from: 'stranger',
  to: 'closed',
  twin: {},
  kind: 'closed',
  by: 'a rule',
};

const ROW: Row = {
  attack: ATTACK.name,
  network: 'bridge',
  families: 'dual',
  backend: 'nft',
  family: 'ipv4',
  off: true,
  on: false,
  twin: true,
  seconds: 0,
};

const OPEN: KnownOpen = { attack: ATTACK.name, reason: 'not yet', networks: ['bridge'] };

describe('judging a row of the attack table', () => {
  test('a row is right if the attack arrives only without an agent, and its twin arrives with one', () => {
    expect(faultsOf(ATTACK, ROW, [])).toEqual([]);
    expect(outcomeOf(ATTACK, ROW)).toBe('kept out');
  });

  test('an attack that succeeds is a fault unless it is known', () => {
    const row = { ...ROW, on: true };
    expect(faultsOf(ATTACK, row, [])).toEqual(['it gets through']);
    expect(faultsOf(ATTACK, row, [OPEN])).toEqual([]);
    expect(faultsOf(ATTACK, { ...row, network: 'routed' }, [OPEN])).toEqual(['it gets through']);
    expect(outcomeOf(ATTACK, row)).toBe('gets through');
  });

  test('a known open attack is a fault once it is closed', () => {
    expect(faultsOf(ATTACK, ROW, [OPEN])).toEqual(['it is no longer open: take its entry away (not yet)']);
  });

  test('a lost twin and a missing control are faults', () => {
    expect(faultsOf(ATTACK, { ...ROW, twin: false }, [])).toEqual(['the like traffic that is allowed does not pass']);
    expect(faultsOf(ATTACK, { ...ROW, off: false }, [])).toEqual(['it does not even arrive without agents']);
    expect(outcomeOf(ATTACK, { ...ROW, twin: false })).toBe('twin lost');
    expect(outcomeOf(ATTACK, { ...ROW, off: false })).toBe('no control');
  });

  test('a packet that the kernel refuses must not arrive without an agent either', () => {
    const attack: Attack = { ...ATTACK, refused: { networks: ['bridge'], families: ['ipv4'] } };
    expect(faultsOf(attack, { ...ROW, off: false }, [])).toEqual([]);
    expect(faultsOf(attack, ROW, [])).toEqual(['it arrives without agents, though the kernel is said to refuse it']);
    expect(faultsOf(attack, { ...ROW, family: 'ipv6' }, [])).toEqual([]);
  });

  test('an attack that was expected to succeed is reported as soon as it is closed', () => {
    const attack: Attack = { ...ATTACK, weak: { networks: ['bridge'], why: 'so' } };
    expect(faultsOf(attack, { ...ROW, on: true }, [])).toEqual([]);
    expect(outcomeOf(attack, { ...ROW, on: true })).toBe('cannot be held');
    expect(faultsOf(attack, ROW, [])).toEqual([
      'it does not get through any more, though it is said that it cannot be held',
    ]);
  });
});

describe('cases of a setting', () => {
  const setting = { network: 'bridge', backend: 'nft' } as const;
  const families = (attack: Attack, of: 'dual' | 'ipv4' | 'ipv6'): readonly string[] =>
    casesOf([attack], { ...setting, families: of }).map(({ family }) => family);

  test('an attack has cases for the families that it and the cluster have', () => {
    expect(families(ATTACK, 'dual')).toEqual(['ipv4', 'ipv6']);
    expect(families(ATTACK, 'ipv6')).toEqual(['ipv6']);
    expect(families({ ...ATTACK, families: V6 }, 'ipv4')).toEqual([]);
  });

  test('an attack by a foreign family has cases for the families that the cluster lacks', () => {
    expect(families({ ...ATTACK, foreign: true }, 'ipv4')).toEqual(['ipv6']);
    expect(families({ ...ATTACK, foreign: true }, 'dual')).toEqual([]);
  });

  test('a slow attack has one case on clusters of both families', () => {
    expect(families({ ...ATTACK, slow: true }, 'dual')).toEqual(['ipv4']);
    expect(families({ ...ATTACK, slow: true }, 'ipv4')).toEqual([]);
  });

  test('an attack has no cases on networks that it does not apply to', () => {
    expect(families({ ...ATTACK, networks: ['routed'] }, 'dual')).toEqual([]);
  });
});
