import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { runVerbs } from '../../support/run-verbs.ts';

/** `UPDATE_GOLDEN=1 npm test test/cli/explain` writes what is printed now; what git shows then has to be reviewed. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

const CLUSTER = join(relative(process.cwd(), import.meta.dirname), 'cluster.yaml');
const SHOP = join(relative(process.cwd(), import.meta.dirname), '../matrix/shop.yaml');

const explain = (...args: readonly string[]) => runVerbs('explain', ...args, '-f', CLUSTER);

const expectGolden = (file: string, text: string): void => {
  const golden = join(import.meta.dirname, file);
  if (UPDATE) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
};

interface Document {
  readonly explanations: readonly {
    readonly from: { readonly name: string };
    readonly to: { readonly name: string };
    readonly protocol: string;
    readonly port: number;
    readonly verdict: string;
    readonly alike: number;
  }[];
}

/** What becomes of each connection, one line each. */
const verdicts = async (...args: readonly string[]): Promise<readonly string[]> => {
  const { out, err, code } = await explain('-o', 'json', ...args);
  if (out === '') return [`${code} ${err.trim()}`];
  const { explanations } = JSON.parse(out) as Document;
  return explanations.map(
    ({ from, to, protocol, port, verdict, alike }) =>
      `${from.name} > ${to.name} ${protocol} ${port} ${verdict} ×${alike}`,
  );
};

describe('portcullis explain', () => {
  test('explain prints a refusal with the rules of each end, the smallest change and its manifest', async () => {
    const { code, out, err } = await explain('shop/api', 'shop/web:8080');
    expect([code, err]).toEqual([0, '']);
    expectGolden('refused.txt', out);
  });

  test('explain prints the same as JSON and YAML', async () => {
    const { out: json } = await explain('shop/api', 'shop/web:8080', '-o', 'json');
    expectGolden('refused.json', json);
    const { out: yaml } = await explain('shop/api', 'shop/web:8080', '-o', 'yaml');
    expect(parse(yaml)).toEqual(JSON.parse(json));
  });

  test('explain prints only the change with --change, with the labels and annotations that the policy has', async () => {
    const { out } = await explain('shop/api', 'shop/web:8080', '--change');
    expect(parse(out)).toMatchObject({
      kind: 'NetworkPolicy',
      metadata: { name: 'web', namespace: 'shop', labels: { owner: 'blue' }, annotations: { note: 'reviewed' } },
    });
    expect(out).not.toContain('last-applied');
  });

  test('explain prints nothing with --change for what is allowed', async () => {
    const { code, out } = await explain('bank/till', 'shop/web:443', '--change');
    expect([code, out]).toEqual([0, '']);
  });

  test.each([
    ['a Service by its only port', 'svc/shop/web'],
    ['a URL', 'http://web.shop/'],
    ['a ClusterIP', '10.96.0.20:80'],
    ['the only port of the pods', 'shop/web'],
    ['a port with its protocol', 'shop/web:8080/tcp'],
  ])('explain takes %s as the destination', async (_, to) => {
    expect(await verdicts('shop/api', to)).toEqual(['shop/api-7c9-x1 > shop/web TCP 8080 denied ×2']);
  });

  test('explain takes addresses and UDP', async () => {
    expect(await verdicts('203.0.113.7', '10.244.1.5:53/UDP')).toEqual(['203.0.113.7 > bank/till UDP 53 allowed ×1']);
  });

  test('explain asks for a port where none is plain, and for one of a protocol that policies know', async () => {
    expect(await verdicts('shop/web', 'bank/till')).toEqual([
      '2 portcullis explain: bank/till needs a port, such as bank/till:80 or bank/till:53/UDP',
    ]);
    expect(await verdicts('shop/web', 'bank/till:80/ICMP')).toEqual([
      '2 portcullis explain: bank/till:80/ICMP: ICMP is not one of TCP, UDP, SCTP',
    ]);
  });

  test('explain says where a port is the Service’s and not the pods’', async () => {
    const { err } = await explain('shop/api', 'shop/web:80');
    expect(err).toBe(
      'note: TCP 80 is the port of Service shop/web, whose pods listen on http: ask for svc/shop/web:80 instead of shop/web, or with the port of the pods\n',
    );
  });

  test('explain says where a pod of a manifest has a placeholder address', async () => {
    const { err } = await runVerbs('explain', 'bank/till', 'shop/db:3306', '-f', SHOP);
    expect(err).toBe('note: pods without an address are judged with a placeholder address\n');
  });

  test('explain needs a cluster or manifests', async () => {
    const { code, err } = await runVerbs('explain', 'shop/api', 'shop/web:80');
    expect([code, err]).toEqual([
      2,
      'portcullis explain: no cluster: give manifests with -f, or name one with --kubeconfig or KUBECONFIG\n',
    ]);
  });
});

describe('--expect of explain', () => {
  test('explain --expect exits with 0 if the verdict is the expected one, and with 1 if it is not', async () => {
    expect((await explain('bank/till', 'shop/web:443', '--expect', 'allowed')).code).toBe(0);
    const { code, err } = await explain('shop/api', 'shop/web:8080', '--expect', 'allowed');
    expect([code, err]).toEqual([1, 'expected allowed: shop/api-7c9-x1 → shop/web TCP 8080 is not\n']);
  });

  test('explain --expect exits with 1 if explain cannot decide', async () => {
    const { code, err } = await explain('bank/late', 'shop/web:443', '--expect', 'denied');
    expect([code, err]).toEqual([1, 'expected denied: bank/late → shop/web:443 is undecided\n']);
  });
});

describe('explain says that it cannot decide, and why,', () => {
  test.each([
    ['of a pod without an address', 'bank/late', 'shop/web:443', 'bank/late has no address yet (phase Pending)'],
    ['of a pod on the host network', 'bank/exporter', 'shop/web:443', 'bank/exporter is on the host network'],
    ['to a pod on the host network', 'shop/web', 'bank/exporter:9100', 'ask about that address, such as 192.0.2.1'],
    [
      'of an address in the pod range without a pod',
      '10.244.1.77',
      'shop/web:443',
      'in the pod range 10.244.1.0/24 of node n1',
    ],
    ['of a loopback address', '127.0.0.1', 'shop/web:443', 'its packets reach no policy'],
    ['to a Service without pods', 'shop/api', 'svc/shop/empty', 'Service shop/empty has no pod behind it'],
    ['between families', '2001:db8::7', 'shop/web:443', 'no address in a common family'],
  ])('explain says that it cannot decide, and why: %s', async (_, from, to, why) => {
    const { code, out } = await explain(from, to);
    expect(code).toBe(1);
    expect(out).toContain(`${from} → ${to}: undecided\n`);
    expect(out).toContain(why);
  });

  test('explain says that it cannot decide, and why, as data too', async () => {
    const { out } = await explain('bank/late', 'shop/web:443', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ verdict: 'undecided', from: 'bank/late', to: 'shop/web:443' });
  });
});

test('the help of explain fits into 80 columns', async () => {
  const { out } = await runVerbs('explain', '--help');
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('explain counts each static pod by itself, since the node that owns it is no workload', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-explain-'));
  try {
    const pod = (name: string, ip: string, owner: string): string => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: kube-system, labels: { tier: control-plane }${owner} }
spec: { nodeName: n1, containers: [{ name: c, image: c }] }
status: { phase: Running, podIP: ${ip}, podIPs: [{ ip: ${ip} }] }
`;
    const owned = ', ownerReferences: [{ apiVersion: v1, kind: Node, name: n1, uid: u, controller: true }]';
    const text = [
      pod('etcd-n1', '10.0.0.1', owned),
      pod('watcher-n1', '10.0.0.2', owned),
      pod('db', '10.0.0.3', '').replace('control-plane', 'db'),
      `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: db, namespace: kube-system }
spec: { podSelector: { matchLabels: { tier: db } }, policyTypes: [Ingress] }
`,
    ].join('');
    const file = join(folder, 'static.yaml');
    writeFileSync(file, text);
    const { out } = await runVerbs('explain', 'kube-system/etcd-n1', 'kube-system/db:80', '-f', file);
    expect(out).toContain('kube-system/etcd-n1 → kube-system/db TCP 80');
    expect(out).toContain('kube-system/watcher-n1 → kube-system/db TCP 80');
  } finally {
    await rm(folder, { recursive: true });
  }
});
