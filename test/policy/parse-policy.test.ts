import { describe, expect, test } from '@jest/globals';
import { formatCidr } from '../../src/policy/cidr.ts';
import { parsePolicy } from '../../src/policy/parse-policy.ts';
import type { ParsedPolicy, RuleSpec } from '../../src/policy/parsed.ts';
import { policy } from '../support/small-cluster.ts';

const parse = (spec: unknown): ParsedPolicy => parsePolicy(policy('shop/p', spec));

const ingress = (spec: unknown): readonly RuleSpec[] => {
  const parsed = parse(spec);
  expect(parsed.faults).toEqual([]);
  return parsed.rules.ingress;
};

const label = (key: string, ...values: readonly string[]) => ({ key, operator: 'In', values });

describe('policyTypes', () => {
  test.each([
    ['missing, without egress', {}, ['ingress']],
    ['missing, with egress', { egress: [{}] }, ['ingress', 'egress']],
    ['missing, with an empty egress list', { egress: [] }, ['ingress']],
    ['empty', { policyTypes: [] }, ['ingress']],
    ['null', { policyTypes: null, egress: [{}] }, ['ingress', 'egress']],
    ['Ingress, with egress rules', { policyTypes: ['Ingress'], egress: [{}] }, ['ingress']],
    ['Egress', { policyTypes: ['Egress'] }, ['egress']],
    ['both, in any order', { policyTypes: ['Egress', 'Ingress'] }, ['ingress', 'egress']],
  ])('policyTypes are read: %s', (_, spec, directions) => {
    expect(parse({ podSelector: {}, ...spec })).toMatchObject({ directions, faults: [] });
  });
});

describe('podSelector', () => {
  test.each([
    ['empty', {}],
    ['missing', undefined],
    ['null', null],
  ])('a podSelector that is %s selects every pod', (_, podSelector) => {
    expect(parse({ podSelector }).podSelector).toEqual({ requirements: [] });
  });

  test('labels and expressions of a podSelector all count, in any order', () => {
    const matchExpressions = [
      { key: 'tier', operator: 'In', values: ['b', 'a', 'b'] },
      { key: 'old', operator: 'DoesNotExist' },
    ];
    const one = parse({ podSelector: { matchLabels: { app: 'web', env: '' }, matchExpressions } });
    const other = parse({
      podSelector: { matchExpressions: matchExpressions.toReversed(), matchLabels: { env: '', app: 'web' } },
    });
    expect(one.podSelector.requirements).toEqual([
      label('app', 'web'),
      label('env', ''),
      { key: 'old', operator: 'DoesNotExist', values: [] },
      label('tier', 'a', 'b'),
    ]);
    expect(other.podSelector).toEqual(one.podSelector);
  });
});

describe('rules', () => {
  test('missing, null and empty lists of rules allow nothing', () => {
    expect([parse({}), parse({ ingress: null }), parse({ ingress: [] })].map(({ rules }) => rules.ingress)).toEqual([
      [],
      [],
      [],
    ]);
  });

  test.each([
    ['an empty rule', {}],
    ['missing lists', { from: null, ports: null }],
    ['empty lists', { from: [], ports: [] }],
  ])('a rule with %s means every peer and every port', (_, rule) => {
    expect(ingress({ ingress: [rule] })).toEqual([{ peers: 'any', ports: 'any' }]);
  });

  test('selectors of one peer apply together, those of two peers separately', () => {
    const podSelector = { matchLabels: { app: 'web' } };
    const namespaceSelector = { matchLabels: { team: 'red' } };
    const app = { requirements: [label('app', 'web')] };
    const team = { requirements: [label('team', 'red')] };
    expect(ingress({ ingress: [{ from: [{ podSelector, namespaceSelector }] }] })[0]?.peers).toEqual([
      { kind: 'pods', podSelector: app, namespaceSelector: team },
    ]);
    expect(ingress({ ingress: [{ from: [{ podSelector }, { namespaceSelector }] }] })[0]?.peers).toEqual([
      { kind: 'pods', podSelector: app, namespaceSelector: undefined },
      { kind: 'pods', podSelector: undefined, namespaceSelector: team },
    ]);
  });

  test('an empty selector differs from a missing one', () => {
    expect(ingress({ ingress: [{ from: [{ namespaceSelector: {} }, { podSelector: {} }] }] })[0]?.peers).toEqual([
      { kind: 'pods', podSelector: undefined, namespaceSelector: { requirements: [] } },
      { kind: 'pods', podSelector: { requirements: [] }, namespaceSelector: undefined },
    ]);
  });

  test('an ipBlock with excepts is read', () => {
    const [rule] = ingress({
      ingress: [{ from: [{ ipBlock: { cidr: '172.17.0.0/16', except: ['172.17.1.0/24'] } }] }],
    });
    const [peer] = rule?.peers === 'any' ? [] : (rule?.peers ?? []);
    expect(peer?.kind === 'ipBlock' && [formatCidr(peer.block.cidr), ...peer.block.except.map(formatCidr)]).toEqual([
      '172.17.0.0/16',
      '172.17.1.0/24',
    ]);
  });

  test('egress rules have their peers in `to`', () => {
    const parsed = parse({ egress: [{ to: [{ podSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] }] });
    expect(parsed.faults).toEqual([]);
    expect(parsed.rules.egress).toEqual([
      {
        peers: [{ kind: 'pods', podSelector: { requirements: [] }, namespaceSelector: undefined }],
        ports: [{ kind: 'range', protocol: 'UDP', from: 53, to: 53 }],
      },
    ]);
  });

  test.each([
    [{ port: 80 }, { kind: 'range', protocol: 'TCP', from: 80, to: 80 }],
    [
      { port: 80, protocol: 'SCTP' },
      { kind: 'range', protocol: 'SCTP', from: 80, to: 80 },
    ],
    [
      { port: 80, endPort: 90 },
      { kind: 'range', protocol: 'TCP', from: 80, to: 90 },
    ],
    [
      { port: 80, endPort: 80 },
      { kind: 'range', protocol: 'TCP', from: 80, to: 80 },
    ],
    [
      { port: 1, endPort: 65535 },
      { kind: 'range', protocol: 'TCP', from: 1, to: 65535 },
    ],
    [{ protocol: 'UDP' }, { kind: 'range', protocol: 'UDP', from: 1, to: 65535 }],
    [{}, { kind: 'range', protocol: 'TCP', from: 1, to: 65535 }],
    [{ port: 'http' }, { kind: 'named', protocol: 'TCP', name: 'http' }],
    [
      { port: 'dns-1', protocol: 'UDP' },
      { kind: 'named', protocol: 'UDP', name: 'dns-1' },
    ],
  ])('a port is read: %j', (given, read) => {
    expect(ingress({ ingress: [{ ports: [given] }] })[0]?.ports).toEqual([read]);
  });

  test('1,000 ports are read', () => {
    const ports = Array.from({ length: 1_000 }, (_, at) => ({ port: at + 1 }));
    expect(ingress({ ingress: [{ ports }] })[0]?.ports).toHaveLength(1_000);
  });
});
