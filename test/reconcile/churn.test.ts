import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, jest, test } from '@jest/globals';
import type { NamespaceEntry } from '../../src/model/namespace.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../src/model/policy-object.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { pod, policy } from '../support/small-cluster.ts';

jest.setTimeout(120_000);

/** Number of rounds, enough to notice one object that is kept in each. */
const LONG = 'x'.repeat(2_000);
const WARM_UP = 500;
const ROUNDS = 1_000;
/** Normal variation of the heap in bytes; one text kept in each round would be as much. */
const TOLERANCE = 2_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

test('objects that came and went leave nothing behind in the compiler', () => {
  const namespaces = new Map<string, NamespaceEntry>();
  const pods = new Map<string, PodEndpoint>();
  const policies = new Map<PolicyKey, PolicyObject>();
  const compiler = createNodeCompiler('n1', { log: { group: 7 } });
  const update = (names: readonly string[], uids: readonly string[], keys: readonly PolicyKey[]) =>
    compiler.update(
      { namespaces, pods, policies },
      { namespaces: new Set(names), pods: new Set(uids), networkpolicies: new Set(keys) },
    );

  const round = (at: number): void => {
    const mark = `${LONG}${at}`;
    const name = `ns-${mark}`;
    namespaces.set(name, { name, labels: new Map([[`team-${at}`, mark]]) });
    const made = [1, 2, 3].map((which) =>
      pod(
        `${name}/pod-${which}`,
        { app: mark, [`key-${at}`]: `${which}` },
        {
          ips: [`10.${at >> 8}.${at & 255}.${which}`, `fd00::${at.toString(16)}:${which}`],
          ports: [{ name: `port-${at}`, protocol: 'TCP', port: 80 + which }],
        },
      ),
    );
    for (const each of made) pods.set(each.uid, each);
    const selector = { matchLabels: { [`key-${at}`]: '1' } };
    const ports = [{ port: 80 }, { port: `p${at}` }];
    const blocks = [
      { ipBlock: { cidr: `11.${at >> 8}.${at & 255}.0/24`, except: [`11.${at >> 8}.${at & 255}.0/25`] } },
    ];
    const object = policy(`${name}/policy`, {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: [{ podSelector: selector }, { namespaceSelector: { matchLabels: { [`team-${at}`]: 'x' } } }], ports },
      ],
      egress: [{ to: [{ namespaceSelector: {}, podSelector: selector }, ...blocks], ports }],
    });
    const broken = policy(`${name}/broken`, { podSelector: {}, ingress: [{ from: [{ [mark]: {} }] }] });
    policies.set(object.key, object).set(broken.key, broken);
    const uids = made.map(({ uid }) => uid);
    const keys = [object.key, broken.key];
    update([name], uids, keys);
    namespaces.delete(name);
    for (const uid of uids) pods.delete(uid);
    for (const key of keys) policies.delete(key);
    update([name], uids, keys);
  };

  for (let at = 0; at < WARM_UP; at += 1) round(at);
  const before = heap();
  for (let at = WARM_UP; at < WARM_UP + ROUNDS; at += 1) round(at);
  expect(heap() - before).toBeLessThan(TOLERANCE);
});
