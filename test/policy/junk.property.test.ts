import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

/**
 * Junk anywhere in an invalid policy: inside a rule it never allows more than the policy without that rule, and
 * anywhere it never allows more than the policy without any rule, nor more than the cluster without the policy.
 */

const PODS = [
  pod('a/web', { app: 'web' }, { ips: ['10.0.0.1'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }),
  pod('a/db', { app: 'db', tier: 'x' }, { ips: ['10.0.0.2'] }),
  pod('b/web', { app: 'web' }, { ips: ['10.0.1.1'] }),
  pod('b/db', { tier: 'x' }, { ips: ['10.0.1.2'] }),
];

const IPS = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.0.1.2', '192.0.2.7'];

const PACKETS = IPS.flatMap((source) =>
  IPS.flatMap((destination) =>
    [80, 443].flatMap((port) => (['TCP', 'UDP'] as const).map((protocol) => ({ source, destination, port, protocol }))),
  ),
);

const snapshotOf = (...objects: readonly PolicyObject[]): ClusterSnapshot =>
  cluster({ a: { team: 'a' }, b: { team: 'b' } }, PODS, objects);

const allowedIn = (snapshot: ClusterSnapshot): readonly boolean[] => {
  const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
  return PACKETS.map((packet) => evaluator.trace(packet).verdict === 'allow');
};

const allowed = (spec: unknown): readonly boolean[] => allowedIn(snapshotOf(policy('a/p', spec)));

const selector = fc.constantFrom<object>(
  {},
  { matchLabels: { app: 'web' } },
  { matchLabels: { tier: 'x' } },
  { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
  { matchExpressions: [{ key: 'tier', operator: 'Exists' }] },
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: fc.constantFrom({}, { matchLabels: { team: 'b' } }), podSelector: selector }),
  fc.constantFrom({ ipBlock: { cidr: '10.0.0.0/23', except: ['10.0.1.0/24'] } }, { ipBlock: { cidr: '192.0.2.0/24' } }),
);
const port = fc.constantFrom<object>(
  { port: 80 },
  { port: 'http' },
  { port: 400, endPort: 500, protocol: 'TCP' },
  { protocol: 'UDP' },
);
const rulesOf = (peers: 'from' | 'to') =>
  fc.array(
    fc.record({ [peers]: fc.array(peer, { minLength: 1, maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }),
    { minLength: 1, maxLength: 2 },
  );

const spec = fc.record({
  podSelector: selector,
  policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  ingress: rulesOf('from'),
  egress: rulesOf('to'),
});

/** None of these values is valid in its place with another, wider meaning by the API's own rules. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    7,
    -1,
    true,
    'junk',
    'In',
    '0.0.0.0/33',
    '::ffff:0/999',
    [[]],
    [7],
    { junk: {} },
    Number.NaN,
  ),
  fc
    .anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true })
    .filter(
      (value) =>
        value !== null && value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0),
    ),
);

type Path = readonly (string | number)[];

const pathsOf = (value: unknown, at: Path = []): readonly Path[] =>
  typeof value !== 'object' || value === null
    ? [at]
    : [
        at,
        ...Object.entries(value).flatMap(([key, each]) =>
          pathsOf(each, [...at, Array.isArray(value) ? Number(key) : key]),
        ),
      ];

const put = (value: unknown, [step, ...rest]: Path, what: unknown): unknown => {
  if (step === undefined) return what;
  if (Array.isArray(value)) return value.map((each: unknown, at) => (at === step ? put(each, rest, what) : each));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: put(object[step], rest, what) };
};

/** Returns the policy without the rule that the path leads into. */
const withoutRule = (value: Readonly<Record<string, unknown>>, [direction, index]: Path): unknown => {
  const rules = value[String(direction)];
  return { ...value, [String(direction)]: Array.isArray(rules) ? rules.filter((_, at) => at !== index) : [] };
};

test('junk inside a rule allows nothing that the policy without the rule does not allow', () => {
  const cases = spec.chain((valid) => {
    const paths = pathsOf(valid).filter((path) => path.length >= 3 && (path[0] === 'ingress' || path[0] === 'egress'));
    return fc.record({ valid: fc.constant(valid), path: fc.constantFrom(...paths), what: junk });
  });
  let refused = 0;
  fc.assert(
    fc.property(cases, ({ valid, path, what }) => {
      const dirty = put(valid, path, what);
      const { faults } = compileNodePolicy(snapshotOf(policy('a/p', dirty)), undefined);
      // Some of the junk happens to be valid: then it has its meaning.
      if (faults.length === 0) return;
      refused += 1;
      const most = allowed({ ...(withoutRule(valid, path) as object), policyTypes: valid.policyTypes });
      const wider = allowed(dirty).flatMap((passes, at) => (passes && most[at] === false ? [PACKETS[at]] : []));
      expect({ path, wider }).toEqual({ path, wider: [] });
    }),
    { numRuns: 1_500, seed: 20_260_101 },
  );
  expect(refused).toBeGreaterThan(500);
});

test('an invalid policy isolates at least its pods and at most its namespace, and allows nothing', () => {
  const cases = fc.tuple(spec, spec, spec).chain(([valid, beside, elsewhere]) =>
    fc.record({
      valid: fc.constant(valid),
      others: fc.constant([policy('a/q', beside), policy('b/p', elsewhere)]),
      // An unknown field, too.
      path: fc.constantFrom<Path[]>(['unknown'], ['podSelector', 'unknown'], ...pathsOf(valid)),
      what: junk,
    }),
  );
  const inNamespace = PACKETS.map((packet) =>
    [packet.source, packet.destination].some((ip) => ip.startsWith('10.0.0.')),
  );
  const seen = { outsideRules: 0, closed: 0 };
  fc.assert(
    fc.property(cases, ({ valid, others, path, what }) => {
      const dirty = policy('a/p', put(valid, path, what));
      if (compileNodePolicy(snapshotOf(dirty), undefined).faults.length === 0) return;
      const [without, found] = [allowedIn(snapshotOf(...others)), allowedIn(snapshotOf(...others, dirty))];
      const { podSelector, policyTypes } = valid;
      const closed = allowedIn(snapshotOf(...others, policy('a/p', { podSelector, policyTypes })));
      const odd = PACKETS.filter((_, at) =>
        found[at] === true
          ? without[at] === false || closed[at] === false
          : without[at] === true && inNamespace[at] === false,
      );
      if (path.length < 3) seen.outsideRules += 1;
      if (found.some((passes, at) => !passes && without[at] === true)) seen.closed += 1;
      expect({ path, odd }).toEqual({ path, odd: [] });
    }),
    { numRuns: 1_500, seed: 20_260_102 },
  );
  expect(seen.outsideRules).toBeGreaterThan(300);
  expect(seen.closed).toBeGreaterThan(300);
});
