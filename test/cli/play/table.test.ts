import { describe, expect, test } from '@jest/globals';
import type { Machine } from '../../../src/cli/play/machine.ts';
import { plain } from '../../../src/cli/play/paint.ts';
import type { Reading } from '../../../src/cli/play/reading.ts';
import { renderTable } from '../../../src/cli/play/table.ts';

const pod = (name: string, ports: Machine['ports'], ips: readonly string[] = ['10.244.1.2']): Machine => ({
  name,
  node: 'node1',
  hostNetwork: false,
  ips,
  ports,
});

const WEB = pod('shop/web', [{ protocol: 'TCP', port: 80 }]);
const DB = pod('shop/db', [
  { protocol: 'SCTP', port: 9000 },
  { protocol: 'TCP', port: 5432 },
]);
const OFFICE: Machine = {
  name: 'office',
  node: undefined,
  hostNetwork: false,
  ips: ['172.17.0.5'],
  ports: [{ protocol: 'UDP', port: 53 }],
};

const reading = (
  from: string,
  to: string,
  [protocol, port]: readonly [Reading['protocol'], number],
  measured: Reading['measured'],
  more: Partial<Reading> = {},
): Reading => ({
  from,
  to,
  protocol,
  port,
  family: 'ipv4',
  measured,
  expected: measured === 'timeout' ? 'deny' : 'allow',
  reasons: [],
  ...more,
});

const READINGS: readonly Reading[] = [
  reading('shop/web', 'shop/db', ['SCTP', 9000], 'not probed'),
  reading('shop/web', 'shop/db', ['TCP', 5432], 'open'),
  reading('shop/web', 'office', ['UDP', 53], 'timeout'),
  reading('shop/db', 'shop/web', ['TCP', 80], 'unsettled'),
  reading('shop/db', 'office', ['UDP', 53], 'open', { expected: 'deny' }),
  reading('office', 'shop/web', ['TCP', 80], 'refused'),
  reading('office', 'shop/db', ['SCTP', 9000], 'not probed'),
  reading('office', 'shop/db', ['TCP', 5432], 'timeout'),
];

const render = (machines: readonly Machine[], readings: readonly Reading[], width = 120): string =>
  renderTable(machines, readings, { width, paint: plain });

describe('table of play', () => {
  test('the table has a row per machine, a column per port, and a legend of its marks', () => {
    expect(render([WEB, DB, OFFICE], READINGS)).toBe(
      [
        '                      shop                            office',
        '                      web      db                     172.17.0.5',
        '                      TCP 80   SCTP 9000   TCP 5432   UDP 53',
        'shop/web              –        ·           ✓          ✗',
        'shop/db               ?        –           –          ✓!',
        'office (172.17.0.5)   ⊘!       ·           ✗          –',
        '',
        '✓ connects   ✗ times out   ⊘ refused: it arrives where nobody listens   ? not settled yet',
        '· SCTP, not probed here (no SCTP sockets)   – itself   ! NOT what the policies say',
      ].join('\n'),
    );
  });

  test('the table continues below if it is wider than the terminal', () => {
    expect(render([WEB, DB, OFFICE], READINGS, 45).split('\n').slice(0, 14)).toEqual([
      '                      shop',
      '                      web      db',
      '                      TCP 80   SCTP 9000',
      'shop/web              –        ·',
      'shop/db               ?        –',
      'office (172.17.0.5)   ⊘!       ·',
      '',
      '                      shop       office',
      '                      db         172.17.0.5',
      '                      TCP 5432   UDP 53',
      'shop/web              ✓          ✗',
      'shop/db               –          ✓!',
      'office (172.17.0.5)   ✗          –',
      '',
    ]);
  });

  test('the table shows families separately only if they differ', () => {
    const dual = [pod('a/x', [], ['10.0.0.1', 'fd00::1']), pod('a/y', [{ protocol: 'TCP', port: 80 }])];
    const both = (v4: Reading['measured'], v6: Reading['measured']): string =>
      render(dual, [
        reading('a/x', 'a/y', ['TCP', 80], v4),
        reading('a/x', 'a/y', ['TCP', 80], v6, { family: 'ipv6' }),
      ]);
    expect(both('open', 'open')).toContain('a/x   ✓\n');
    expect(both('open', 'timeout')).toContain('a/x   4✓6✗\n');
  });

  test('the table says so if there is nothing to reach', () => {
    expect(render([pod('a/x', [])], [])).toBe('no pod declares a container port: there is nothing to reach');
  });
});
