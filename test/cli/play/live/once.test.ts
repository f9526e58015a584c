import path from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { DEADLINE_MS, runPlay } from './run-play.ts';

jest.setTimeout(2 * DEADLINE_MS);

const SHOP = path.join(import.meta.dirname, 'shop');

describe('play --once', () => {
  test('play --once prints what the kernel lets pass', async () => {
    expect(await runPlay(SHOP, '--once')).toEqual({
      code: 0,
      text: `\
3 pods on 2 nodes, 1 machine outside, 1 network policy

                      shop                                  office
                      db                           web      172.17.0.5
                      SCTP 9   TCP 5432   UDP 53   TCP 80   TCP 443
shop/db               –        –          –        ✗        ✗
shop/probe            ·        ✓          ✓        ✓        ✓
shop/web              ·        ✓          ✗        –        ✓
office (172.17.0.5)   ·        ✗          ✗        ✓        –

✓ connects   ✗ times out   · SCTP, not probed here (no SCTP sockets)   – itself
`,
    });
  });

  test('play --once prints a document of both IP families with iptables-legacy', async () => {
    const { code, text } = await runPlay(
      SHOP,
      '--once',
      '-o',
      'json',
      '--ip-families=dual',
      '--iptables-backend=legacy',
    );
    expect(code).toBe(0);
    const document = JSON.parse(text) as { readonly readings: readonly object[] };
    expect(document).toMatchObject({
      machines: [
        { name: 'shop/db', kind: 'pod', node: 'node2', ips: ['10.244.2.2', 'fd00:10:244:2::2'] },
        { name: 'shop/probe', kind: 'pod', node: 'node2' },
        { name: 'shop/web', kind: 'pod', node: 'node1' },
        { name: 'office', kind: 'external', ips: ['172.17.0.5'] },
      ],
      policies: ['shop/db'],
      disagreements: 0,
      warnings: [],
    });
    expect(document.readings).toContainEqual({
      from: 'shop/web',
      to: 'shop/db',
      protocol: 'UDP',
      port: 53,
      family: 'ipv6',
      measured: 'timeout',
      expected: 'deny',
      reasons: [expect.stringMatching(/^denied: ingress of shop\/db is isolated by shop\/db; nearest: /)],
    });
  });

  test('play --once does nothing with invalid manifests, but says where they are wrong', async () => {
    const { code, text } = await runPlay(path.join(import.meta.dirname, 'broken'), '--once');
    expect(code).toBe(1);
    expect(text).toMatch(/broken\/pod\.yaml:4:\d+: Pod shop\/web: spec\.containers\[0\]\.ports\[0\]\.containerPort: /);
  });
});
