import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { StoredFlow } from '../../src/records/record.ts';
import type { End } from '../../src/records/end.ts';
import type { WorkloadName } from '../../src/reach/workloads.ts';
import { readFlows } from '../../src/suggest/flows-document.ts';
import { suggestPolicies } from '../../src/suggest/suggest.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const AT = '2026-11-30T10:05:00.000Z';
const STATUS = { node: 'n1', since: '2026-11-30T10:00:00.000Z' };
const UNTIL = Date.parse('2026-11-30T10:10:00.000Z');

const port = (number: number) => [{ name: 'main', protocol: 'TCP', port: number }] as const;

/** An end that is a pod, by `namespace/name`, with its workload where it has one. */
const podEnd = (key: string, workload?: string): End => {
  const [namespace = '', name = ''] = key.split('/');
  return { kind: 'pod', address: '10.0.0.1', namespace, name, ...(workload === undefined ? {} : { workload }) };
};

const flow = (source: End, destination: End, number: number, more: Partial<StoredFlow> = {}): StoredFlow => ({
  at: AT,
  since: AT,
  count: 3,
  node: 'n1',
  verdict: 'allowed',
  source,
  destination,
  protocol: 'TCP',
  port: number,
  policies: [],
  ...more,
});

/** Pods named `web-1` are of the Deployment `web`. */
const workloadOf = ({ name }: PodEndpoint): WorkloadName =>
  name.includes('-') ? { kind: 'Deployment', name: name.slice(0, name.lastIndexOf('-')) } : { kind: 'Pod', name };

const suggest = (
  pods: readonly PodEndpoint[],
  flows: readonly StoredFlow[],
  { namespaces, policies = [] }: { namespaces?: readonly string[]; policies?: ReturnType<typeof policy>[] } = {},
) =>
  suggestPolicies(
    cluster({ shop: {}, bank: {}, 'kube-system': {} }, pods, policies),
    readFlows({ status: STATUS, flows }, 'x'),
    {
      workloadOf,
      until: UNTIL,
      ...(namespaces === undefined ? {} : { namespaces }),
    },
  );

const WEB = [1, 2].map((number) =>
  pod(
    `shop/web-${number}`,
    { app: 'web', 'pod-template-hash': `a${number}`, release: '7f3b2c9d' },
    { ports: port(80) },
  ),
);
const API = pod('shop/api-1', { app: 'api', 'pod-template-hash': 'x' }, { ports: port(8080) });
const TILL = pod('bank/till-1', { app: 'till' });
const WEB_END = podEnd('shop/web-1', 'Deployment/web');
const API_END = podEnd('shop/api-1', 'Deployment/api');
const TILL_END = podEnd('bank/till-1', 'Deployment/till');

const specOf = (all: ReturnType<typeof suggest>, workload: string) =>
  all.policies.find((each) => each.workload === workload)?.policy.spec as
    | {
        podSelector: object;
        ingress: { from: object[]; ports: object[] }[];
        egress: { to: object[]; ports: object[] }[];
      }
    | undefined;

describe('policies suggested from recorded traffic', () => {
  test('a workload gets one policy, by labels that all its pods keep, with a rule for each peer', () => {
    const found = suggest([...WEB, API, TILL], [flow(API_END, WEB_END, 80), flow(TILL_END, WEB_END, 80)]);
    expect(found.policies.map(({ workload, pods }) => `${workload} ${pods}`)).toEqual([
      'bank/till 1',
      'shop/api 1',
      'shop/web 2',
    ]);
    expect(specOf(found, 'shop/web')).toEqual({
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } },
              podSelector: { matchLabels: { app: 'till' } },
            },
          ],
          ports: [{ protocol: 'TCP', port: 80 }],
        },
        { from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ protocol: 'TCP', port: 80 }] },
      ],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    });
  });

  test('a rule has its evidence: the count of the node that met the edge most, the first and the last time', () => {
    const seen = { since: '2026-11-30T10:01:00.000Z' };
    const found = suggest(
      [...WEB, API],
      [
        flow(API_END, WEB_END, 80, seen),
        flow(podEnd('shop/api-1', 'Deployment/api'), podEnd('shop/web-2', 'Deployment/web'), 80, { count: 4 }),
        flow(API_END, WEB_END, 80, { node: 'n2', count: 5, at: '2026-11-30T10:08:00.000Z' }),
      ],
    );
    const web = found.policies.find(({ workload }) => workload === 'shop/web');
    expect(web?.rules[0]?.evidence).toEqual([
      {
        text: 'shop/api → shop/web TCP 80',
        count: 7,
        first: '2026-11-30T10:01:00.000Z',
        last: '2026-11-30T10:08:00.000Z',
      },
    ]);
  });

  test('no rule is made of a reply that the kernel took for an opening', () => {
    const found = suggest([...WEB, API], [flow(API_END, WEB_END, 80), flow(WEB_END, API_END, 41_022)]);
    expect(specOf(found, 'shop/api')?.ingress).toEqual([]);
    expect(found.leftOut.map(({ text, why }) => `${text}: ${why}`)).toEqual([
      'shop/web → shop/api TCP 41022: it is the reply to a connection the other way',
    ]);
  });

  test('no rule is made of ports that change with each connection, and one of a single high port, with a second look', () => {
    const many = [40_001, 40_002, 40_003].map((number) => flow(API_END, WEB_END, number));
    expect(specOf(suggest([...WEB, API], many), 'shop/web')).toBeUndefined();
    const one = suggest([...WEB, API], [flow(API_END, WEB_END, 50_051)]);
    expect(specOf(one, 'shop/web')?.ingress[0]?.ports).toEqual([{ protocol: 'TCP', port: 50_051 }]);
    expect(one.secondLooks.map(({ why }) => why)).toEqual([
      'the port is one that clients use, and no container declares it',
    ]);
  });

  test('no rule is made of what was refused, of protocols without ports, of a pod and its own node', () => {
    const node: End = { kind: 'node', address: '192.168.0.1', name: 'n1' };
    const found = suggest(
      [...WEB, API],
      [
        flow(API_END, WEB_END, 80, { verdict: 'denied' }),
        flow(API_END, WEB_END, 0, { protocol: 'ICMP' }),
        flow(node, WEB_END, 80),
      ],
    );
    expect(found.policies).toEqual([]);
    expect(found.leftOut.map(({ why }) => why)).toEqual([
      'it was refused',
      'policies name TCP, UDP and SCTP alone',
      'a pod and its own node always reach each other',
    ]);
    expect(found.coverage.silent).toEqual([
      { workload: 'shop/api', pods: 1 },
      { workload: 'shop/web', pods: 2 },
    ]);
  });

  test('another node is a peer by its address, and deserves a second look', () => {
    const found = suggest([...WEB], [flow({ kind: 'node', address: '192.168.0.2', name: 'n2' }, WEB_END, 80)]);
    expect(specOf(found, 'shop/web')?.ingress).toEqual([
      { from: [{ ipBlock: { cidr: '192.168.0.2/32' } }], ports: [{ protocol: 'TCP', port: 80 }] },
    ]);
    expect(found.secondLooks[0]?.why).toContain('a node is named by its address');
  });

  test('a pod without lasting labels is selected by the labels that only the others have', () => {
    const job = pod('shop/job-1', { 'job-name': 'job-28456789', 'controller-uid': 'u' });
    const found = suggest([...WEB, API, job], [flow(podEnd('shop/job-1', 'Deployment/job'), WEB_END, 80)]);
    expect(specOf(found, 'shop/job')?.podSelector).toEqual({
      matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }],
    });
  });

  test('workloads that no lasting label tells apart get one policy, and deserve a second look', () => {
    const canary = pod('shop/canary-1', { app: 'web', 'app.kubernetes.io/version': '2' }, { ports: port(80) });
    const found = suggest([...WEB, canary, API], [flow(API_END, WEB_END, 80)]);
    expect(found.policies.map(({ workload, pods }) => `${workload} ${pods}`)).toEqual([
      'shop/api 1',
      'shop/canary+web 3',
    ]);
    expect(found.secondLooks.map(({ why }) => why)).toEqual([
      'no lasting label tells the workloads of shop/canary+web apart',
    ]);
  });

  test('up to four addresses of the internet are listed; more, or ones that change until the end, are the internet', () => {
    const to = (...addresses: readonly string[]) =>
      addresses.map((address) => flow(WEB_END, { kind: 'internet', address }, 443));
    const blocksOf = (flows: readonly StoredFlow[]) =>
      specOf(suggest([...WEB], flows), 'shop/web')
        ?.egress.flatMap((rule) => rule.to)
        .flatMap((peer) => (peer as { ipBlock?: { cidr: string } }).ipBlock?.cidr ?? []);
    expect(blocksOf(to('203.0.113.1', '203.0.113.2'))).toEqual(['203.0.113.1/32', '203.0.113.2/32']);
    expect(blocksOf(to('198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4', '198.51.100.5'))).toEqual([
      '0.0.0.0/0',
    ]);
    const late = flow(WEB_END, { kind: 'internet', address: '203.0.113.9' }, 443, {
      since: '2026-11-30T10:09:30.000Z',
      at: '2026-11-30T10:09:30.000Z',
    });
    expect(blocksOf([...to('203.0.113.1'), late])).toEqual(['0.0.0.0/0']);
  });

  test('the whole internet leaves out private addresses and those of one link, the metadata address among them', () => {
    const flows = [1, 2, 3, 4, 5].map((number) =>
      flow(WEB_END, { kind: 'internet', address: `198.51.100.${number}` }, 443),
    );
    expect(specOf(suggest([...WEB], flows), 'shop/web')?.egress[0]?.to).toEqual([
      {
        ipBlock: {
          cidr: '0.0.0.0/0',
          except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
        },
      },
    ]);
  });

  test('the metadata address and the database of another namespace deserve a second look', () => {
    const db = pod('bank/ledger-1', { app: 'ledger' }, { ports: port(5432) });
    const found = suggest(
      [...WEB, db],
      [
        flow(WEB_END, { kind: 'metadata', address: '169.254.169.254' }, 80),
        flow(WEB_END, podEnd('bank/ledger-1', 'Deployment/ledger'), 5432),
      ],
    );
    expect(found.secondLooks.map(({ text, why }) => `${text}: ${why}`)).toEqual([
      "shop/web → 169.254.169.254 (cloud metadata) TCP 80: it is the cloud's metadata address, which hands out credentials of the machine",
      'shop/web → bank/ledger TCP 5432: it is a database of another namespace, by its port (PostgreSQL)',
    ]);
  });

  test('an edge of a workload that is gone is left out, and one of a pod that is gone counts for its workload', () => {
    const found = suggest(
      [...WEB, API],
      [
        flow(podEnd('shop/old-1', 'Deployment/old'), WEB_END, 80),
        flow(podEnd('shop/api-9', 'ReplicaSet/api-55c8'), WEB_END, 80),
      ],
    );
    expect(specOf(found, 'shop/web')?.ingress.map(({ from }) => from)).toEqual([
      [{ podSelector: { matchLabels: { app: 'api' } } }],
    ]);
    expect(found.leftOut[0]?.why).toContain('does not have that workload any more');
  });

  test('the coverage names workloads without traffic, with one direction alone, and edges of the last tenth of the time', () => {
    const late = '2026-11-30T10:09:10.000Z';
    const found = suggest([...WEB, API, TILL], [flow(API_END, WEB_END, 80, { since: late, at: late })]);
    const { silent, neverOpened, neverAsked, fresh, from, to } = found.coverage;
    expect({ silent, neverOpened, neverAsked, from, to, fresh: fresh.map(({ text }) => text) }).toEqual({
      silent: [{ workload: 'bank/till', pods: 1 }],
      neverOpened: ['shop/web'],
      neverAsked: ['shop/api'],
      from: '2026-11-30T10:00:00.000Z',
      to: '2026-11-30T10:10:00.000Z',
      fresh: ['shop/api → shop/web TCP 80'],
    });
  });

  test('only the wanted namespace gets policies, and no name of a policy is taken twice', () => {
    const found = suggest([...WEB, API, TILL], [flow(TILL_END, WEB_END, 80)], {
      namespaces: ['shop'],
      policies: [policy('shop/suggested-web', { podSelector: {} })],
    });
    expect(found.policies.map((each) => each.policy.key)).toEqual(['shop/suggested-web-2']);
  });
});

describe('records that cannot be read', () => {
  test.each([
    [{}, 'x: has no flows: give what portcullis flows -o json prints'],
    [{ flows: [{ verdict: 'maybe' }] }, 'x: flows[0].verdict: is neither allowed nor denied'],
    [{ flows: [{ verdict: 'allowed', port: 1e6 }] }, 'x: flows[0].port: is no whole number from 0 to 65535'],
    [
      { flows: [flow({ kind: 'alien' } as unknown as End, WEB_END, 80)] },
      'x: flows[0].source.kind: is none of pod, node, metadata, former, link, private, internet',
    ],
    [{ flows: [flow(WEB_END, API_END, 80, { at: 'noon' })] }, 'x: flows[0].at: "noon" is no ISO 8601 time'],
  ])('are refused with the field that is wrong', (document, message) => {
    expect(() => readFlows(document, 'x')).toThrow(message);
  });
});
