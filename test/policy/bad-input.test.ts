import { describe, expect, test } from '@jest/globals';
import { formatField } from '../../src/model/field-path.ts';
import { parsePolicy } from '../../src/policy/parse-policy.ts';
import { policy } from '../support/small-cluster.ts';

const parse = (spec: unknown) => parsePolicy(policy('shop/p', spec));

const faultsOf = (spec: unknown): readonly string[] =>
  parse(spec).faults.map(({ field, message }) => `${formatField(field)}: ${message}`);

const from = (...peers: readonly unknown[]) => ({ ingress: [{ from: peers }] });
const ports = (...all: readonly unknown[]) => ({ ingress: [{ ports: all }] });
const subjects = (...matchExpressions: readonly unknown[]) => ({ podSelector: { matchExpressions } });

const LONG = 'x'.repeat(64);

/** [what is wrong, the spec, the faults as people read them]. */
const BAD: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['spec is a list', [], ['spec: must be an object']],
  ['spec is text', 'x', ['spec: must be an object']],
  [
    'an unknown field',
    { podSelecter: {} },
    ['spec.podSelecter: unknown field; known are podSelector, ingress, egress, policyTypes'],
  ],
  [
    'an unknown policy type',
    { policyTypes: ['ingress'] },
    ['spec.policyTypes[0]: "ingress" is not one of Ingress, Egress'],
  ],
  ['policyTypes is text', { policyTypes: 'Ingress' }, ['spec.policyTypes: must be a list, not string']],
  ['rules are an object', { ingress: {} }, ['spec.ingress: must be a list, not object']],
  ['a rule is null', { ingress: [null] }, ['spec.ingress[0]: must be an object, not null']],
  [
    'a rule with the other direction’s field',
    { ingress: [{ to: [] }] },
    ['spec.ingress[0].to: unknown field; known are from, ports'],
  ],
  [
    'from is an object',
    { ingress: [{ from: { podSelector: {} } }] },
    ['spec.ingress[0].from: must be a list, not object'],
  ],
  [
    'a peer that names nothing',
    from({}),
    ['spec.ingress[0].from[0]: must name a podSelector, a namespaceSelector or an ipBlock'],
  ],
  [
    'a peer of nulls',
    from({ podSelector: null }),
    ['spec.ingress[0].from[0]: must name a podSelector, a namespaceSelector or an ipBlock'],
  ],
  [
    'an ipBlock beside a selector',
    from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    ['spec.ingress[0].from[0]: ipBlock cannot be combined with podSelector or namespaceSelector'],
  ],
  [
    'an invalid CIDR',
    from({ ipBlock: { cidr: '10.0.0.0/33' } }),
    ['spec.ingress[0].from[0].ipBlock.cidr: "10.0.0.0/33" is not a CIDR such as 10.0.0.0/8 or fd00::/64'],
  ],
  ['a missing CIDR', from({ ipBlock: {} }), ['spec.ingress[0].from[0].ipBlock.cidr: is required']],
  [
    'an except outside its block',
    from({ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.1.0/24', '10.1.0.0/24'] } }),
    ['spec.ingress[0].from[0].ipBlock.except[1]: 10.1.0.0/24 must lie within 10.0.0.0/16 and be smaller'],
  ],
  [
    'an except as large as its block',
    from({ ipBlock: { cidr: '10.0.0.0/16', except: ['10.0.0.0/16'] } }),
    ['spec.ingress[0].from[0].ipBlock.except[0]: 10.0.0.0/16 must lie within 10.0.0.0/16 and be smaller'],
  ],
  [
    'an except of the other family',
    from({ ipBlock: { cidr: '0.0.0.0/0', except: ['fd00::/8'] } }),
    ['spec.ingress[0].from[0].ipBlock.except[0]: fd00::/8 must lie within 0.0.0.0/0 and be smaller'],
  ],
  ['port 0', ports({ port: 0 }), ['spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535']],
  ['port 65536', ports({ port: 65_536 }), ['spec.ingress[0].ports[0].port: 65536 is not a port from 1 to 65535']],
  ['port 80.5', ports({ port: 80.5 }), ['spec.ingress[0].ports[0].port: 80.5 is not a port from 1 to 65535']],
  ['port -1', ports({ port: -1 }), ['spec.ingress[0].ports[0].port: -1 is not a port from 1 to 65535']],
  ['port true', ports({ port: true }), ['spec.ingress[0].ports[0].port: true is not a port from 1 to 65535']],
  [
    'a number written as text',
    ports({ port: '80' }),
    ['spec.ingress[0].ports[0].port: "80" is not a port name: at most 15 of a-z, 0-9 and single "-"'],
  ],
  [
    'a port name too long',
    ports({ port: 'a-name-of-16-chr' }),
    ['spec.ingress[0].ports[0].port: "a-name-of-16-chr" is not a port name: at most 15 of a-z, 0-9 and single "-"'],
  ],
  [
    'an empty port name',
    ports({ port: '' }),
    ['spec.ingress[0].ports[0].port: "" is not a port name: at most 15 of a-z, 0-9 and single "-"'],
  ],
  [
    'ports in the wrong order',
    ports({ port: 90, endPort: 80 }),
    ['spec.ingress[0].ports[0].endPort: 80 must not be less than port 90'],
  ],
  [
    'endPort out of range',
    ports({ port: 1, endPort: 70_000 }),
    ['spec.ingress[0].ports[0].endPort: 70000 is not a port from 1 to 65535'],
  ],
  [
    'endPort of a named port',
    ports({ port: 'http', endPort: 90 }),
    ['spec.ingress[0].ports[0].endPort: needs a numeric port to start from'],
  ],
  ['endPort alone', ports({ endPort: 90 }), ['spec.ingress[0].ports[0].endPort: needs a numeric port to start from']],
  [
    'an unknown protocol',
    ports({ protocol: 'ICMP' }),
    ['spec.ingress[0].ports[0].protocol: "ICMP" is not one of TCP, UDP, SCTP'],
  ],
  [
    'a protocol in lower case',
    ports({ protocol: 'tcp' }),
    ['spec.ingress[0].ports[0].protocol: "tcp" is not one of TCP, UDP, SCTP'],
  ],
  [
    'an unknown operator',
    subjects({ key: 'a', operator: 'Equals', values: ['b'] }),
    ['spec.podSelector.matchExpressions[0].operator: "Equals" is not one of In, NotIn, Exists, DoesNotExist'],
  ],
  [
    'an operator that only objects have',
    subjects({ key: 'a', operator: 'toString' }),
    ['spec.podSelector.matchExpressions[0].operator: "toString" is not one of In, NotIn, Exists, DoesNotExist'],
  ],
  [
    'an empty In list',
    subjects({ key: 'a', operator: 'In', values: [] }),
    ['spec.podSelector.matchExpressions[0].values: In needs at least one value'],
  ],
  [
    'NotIn without values',
    subjects({ key: 'a', operator: 'NotIn' }),
    ['spec.podSelector.matchExpressions[0].values: NotIn needs at least one value'],
  ],
  [
    'Exists with values',
    subjects({ key: 'a', operator: 'Exists', values: ['b'] }),
    ['spec.podSelector.matchExpressions[0].values: Exists takes no values'],
  ],
  [
    'an expression without key',
    subjects({ operator: 'Exists' }),
    ['spec.podSelector.matchExpressions[0].key: is required'],
  ],
  [
    'a label key that is none',
    { podSelector: { matchLabels: { 'a b': 'c' } } },
    [
      'spec.podSelector.matchLabels["a b"]: "a b" is not a label key: at most 63 letters, digits, "-", "_", "." with a letter or digit at both ends',
    ],
  ],
  [
    'a label prefix that is none',
    { podSelector: { matchLabels: { 'Ex_ample/a': 'c' } } },
    [
      'spec.podSelector.matchLabels["Ex_ample/a"]: "Ex_ample/a" is not a label key: the part before "/" must be a DNS subdomain',
    ],
  ],
  [
    'a label value too long',
    { podSelector: { matchLabels: { a: LONG } } },
    [
      `spec.podSelector.matchLabels.a: "${LONG}" is not a label value: at most 63 letters, digits, "-", "_", "." with a letter or digit at both ends`,
    ],
  ],
  [
    'a label value that is a number',
    { podSelector: { matchLabels: { a: 5 } } },
    ['spec.podSelector.matchLabels.a: must be a string, not number'],
  ],
];

test.each(BAD)('%s: the fault has field and reason', (_, spec, faults) => {
  expect(faultsOf(spec)).toEqual(faults);
});

test.each(BAD)('%s: the policy allows nothing', (_, spec) => {
  expect(parse(spec).rules).toEqual({ ingress: [], egress: [] });
});

describe('isolation by an invalid policy', () => {
  const good = { podSelector: { matchLabels: { app: 'web' } } };
  const everyone = { requirements: [] };
  const web = { requirements: [{ key: 'app', operator: 'In', values: ['web'] }] };

  test('an invalid policy isolates its own pods if its selector is valid', () => {
    expect(parse({ ...good, ...ports({ port: 0 }) })).toMatchObject({ podSelector: web, directions: ['ingress'] });
  });

  test('an invalid policy isolates every pod of the namespace if its selector is invalid', () => {
    expect(parse(subjects({ key: 'a', operator: 'In' })).podSelector).toEqual(everyone);
    expect(parse({ podSelector: 'app=web' }).podSelector).toEqual(everyone);
    expect(parse([])).toMatchObject({ podSelector: everyone, directions: ['ingress', 'egress'] });
  });

  test('an invalid policy isolates both directions if policyTypes is invalid, or an unknown field may mean egress', () => {
    expect(parse({ ...good, policyTypes: ['Ingres'] }).directions).toEqual(['ingress', 'egress']);
    expect(parse({ ...good, policyTypes: 'Egress' }).directions).toEqual(['ingress', 'egress']);
    expect(parse({ ...good, egres: [] }).directions).toEqual(['ingress', 'egress']);
    expect(parse({ ...good, egress: {} }).directions).toEqual(['ingress', 'egress']);
  });

  test('an invalid policy isolates egress if its egress rules are invalid and policyTypes is missing', () => {
    expect(parse({ ...good, egress: [{ to: [{}] }] }).directions).toEqual(['ingress', 'egress']);
  });

  test('one invalid rule closes the whole policy, including its valid rules', () => {
    expect(parse({ ...good, ingress: [{}, { ports: [{ port: 0 }] }] }).rules.ingress).toEqual([]);
  });
});

test('names of the maximum length with all allowed characters are valid', () => {
  const key = `${'a.'.repeat(126)}b/${'n'.repeat(30)}-_.${'N'.repeat(30)}`;
  const value = `V${'_.-'.repeat(20)}v2`;
  expect(key.split('/').map((part) => part.length)).toEqual([253, 63]);
  expect(value).toHaveLength(63);
  expect(faultsOf({ podSelector: { matchLabels: { [key]: value } } })).toEqual([]);
  expect(parse({ podSelector: { matchLabels: { [key]: value } } }).podSelector.requirements).toEqual([
    { key, operator: 'In', values: [value] },
  ]);
});

test('every fault of a policy is reported, not only the first', () => {
  expect(faultsOf({ policyTypes: ['x'], ...ports({ port: 0 }, { protocol: 'ICMP' }) })).toEqual([
    'spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535',
    'spec.ingress[0].ports[1].protocol: "ICMP" is not one of TCP, UDP, SCTP',
    'spec.policyTypes[0]: "x" is not one of Ingress, Egress',
  ]);
});
