import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runVerbs } from '../../support/run-verbs.ts';

/** `UPDATE_GOLDEN=1 npm test test/cli/matrix` writes the current output; review the difference in git. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

const HERE = relative(process.cwd(), import.meta.dirname);
const SHOP = join(HERE, 'shop.yaml');

const NOTE = 'note: 3 of 3 pods have no address yet; using placeholder addresses\n';

const expectGolden = (file: string, text: string): void => {
  const golden = join(import.meta.dirname, file);
  if (UPDATE) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
};

const matrix = (...args: readonly string[]) => runVerbs('matrix', '-f', SHOP, ...args);

describe('portcullis matrix', () => {
  test('matrix prints a table, and each connection that policies decide with the reason', async () => {
    const { code, out, err } = await matrix();
    expect([code, err]).toEqual([0, NOTE]);
    expectGolden('shop.txt', out);
  });

  test('matrix prints the same as JSON and YAML', async () => {
    const { out: json } = await matrix('-o', 'json');
    expectGolden('shop.json', json);
    const { out: yaml } = await matrix('-o', 'yaml');
    expectGolden('shop-yaml.txt', yaml);
  });

  test('matrix can be restricted to a namespace, a source and a destination', async () => {
    const pairs = async (...args: readonly string[]) => {
      const { out } = await matrix('-o', 'json', ...args);
      const { connections } = JSON.parse(out) as {
        connections: readonly { from: string; to: string; ports: string }[];
      };
      return connections.map(({ from, to, ports }) => `${from} > ${to} ${ports}`);
    };
    expect(await pairs('-n', 'bank', '--from', 'outside')).toEqual(['outside > bank/till all']);
    expect(await pairs('--from', 'bank/till')).toEqual([
      'bank/till > outside UDP 53',
      'bank/till > shop/db none',
      'bank/till > shop/web none',
    ]);
    expect(await pairs('--from', 'shop/web', '--to', 'shop/db')).toEqual(['shop/web > shop/db TCP 3306']);
  });
});

describe('matrix of one packet', () => {
  const follow = async (from: string, to: string, port: string) =>
    (await matrix('--from', from, '--to', to, '--port', port)).out;

  test('matrix shows the rule that lets a packet pass', async () => {
    expect(await follow('shop/web', 'shop/db', 'TCP/3306')).toBe(
      [
        'shop/web-0 (10.244.0.4) → shop/db (10.244.0.3) TCP 3306: allowed',
        '    open: no policy isolates egress of shop/web-0',
        '    because: policy shop/db allows ingress from pods app=web in namespace shop to TCP 3306 (spec.ingress[0].from[0], spec.ingress[0].ports[0])',
        '',
      ].join('\n'),
    );
  });

  test('matrix shows what a denied packet lacks', async () => {
    expect(await follow('bank/till', 'shop/db', '80')).toBe(
      [
        'bank/till (10.244.0.2) → shop/db (10.244.0.3) TCP 80: denied',
        '    denied: ingress of shop/db is isolated by shop/db, shop/deny-all; nearest: shop/db spec.ingress[0] allows only from pods app=web in namespace shop, only TCP 3306',
        '',
      ].join('\n'),
    );
  });

  test('matrix judges packets between a pod and an address outside', async () => {
    expect(await follow('192.0.2.70', 'shop/web-0', 'tcp/8080')).toBe(
      [
        '192.0.2.70 → shop/web-0 (10.244.0.4) TCP 8080: denied',
        '    denied: ingress of shop/web-0 is isolated by shop/deny-all, shop/web; nearest: shop/web spec.ingress[0] would allow TCP 8080, but only from 192.0.2.0/24 except 192.0.2.64/26',
        '',
      ].join('\n'),
    );
    expect(await follow('192.0.2.7', 'shop/web-0', 'tcp/8080')).toContain('TCP 8080: allowed');
  });

  test('matrix prints a packet’s verdict as JSON', async () => {
    const { out } = await matrix('--from', 'bank/till', '--to', '192.0.2.1', '--port', 'UDP/53', '-o', 'json');
    expect(JSON.parse(out)).toEqual({
      explanations: [
        {
          from: 'bank/till',
          to: '192.0.2.1',
          source: '10.244.0.2',
          destination: '192.0.2.1',
          target: 'UDP 53',
          verdict: 'allow',
          reasons: [
            'because: policy bank/till allows egress to anyone at UDP 53 (spec.egress[0].ports[0])',
            "open: ingress of 192.0.2.1 is not ruled by policies, it is no pod's address",
          ],
        },
      ],
    });
  });
});

describe('wrong usage of matrix', () => {
  test.each([
    ['a port alone', ['--port', '80'], '--port needs --from and --to'],
    ['a port that is none', ['--port', 'ICMP/8'], '--port ICMP/8: expected TCP/80, UDP/53, SCTP/7777 or a port of TCP'],
    ['a port out of range', ['--port', '65536'], '--port 65536: expected TCP/80, UDP/53, SCTP/7777 or a port of TCP'],
    ['an unknown pod', ['--from', 'shop/x'], 'shop/x is no pod, workload, Service, address or "outside"'],
    ['a namespace that is not there', ['-n', 'shpo'], '-n shpo: the input has no such namespace'],
    ['a summary as CSV', ['--summary', '-o', 'csv'], '--summary is printed as text, json or yaml, not as csv'],
    ['an address without a port', ['--from', '192.0.2.1'], 'an address needs --from, --to and --port'],
    ['the outside as one end of a packet', ['--from', 'outside', '--to', 'shop/db', '--port', '80'], '--from outside'],
  ])('matrix refuses wrong usage: %s', async (_, args, message) => {
    const { code, out, err } = await matrix(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

test('matrix reports an invalid policy with its place, and lets it allow nothing', async () => {
  const { code, out, err } = await runVerbs('matrix', '-f', join(HERE, 'faulty.yaml'), '--from', 'outside');
  expect(code).toBe(1);
  expect(err).toContain(
    `${join(HERE, 'faulty.yaml')}:12:23: NetworkPolicy shop/web: spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535; the policy allows nothing\n`,
  );
  expect(out).toContain('outside → shop/web: none\n');
});

test('matrix shows two families separately if their verdicts differ', async () => {
  const { out } = await runVerbs(
    'matrix',
    '-f',
    join(HERE, 'dual-stack.yaml'),
    '--from',
    'shop/web',
    '--to',
    'shop/db',
  );
  expect(out).toContain('shop/web → shop/db (IPv4): all\n    egress: open');
  expect(out).toContain('shop/web → shop/db (IPv6): none\n    egress: open');
});
