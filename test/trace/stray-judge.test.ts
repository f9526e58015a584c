import { describe, expect, test } from '@jest/globals';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import type { NodePolicy } from '../../src/policy/node-policy.ts';
import { type Opener, openerByPorts } from '../../src/program/client-ports.ts';
import { createStrayJudge } from '../../src/trace/stray-judge.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const WEB = '10.1.1.10';
const CLIENT = '10.1.1.11';

/** The web pod accepts connections of these clients; the client accepts none if it is closed. */
const policyOf = (allowed: readonly string[], isClientClosed: boolean): NodePolicy =>
  compileNodePolicy(
    cluster(
      { shop: {} },
      [pod('shop/web', { app: 'web' }, { ips: [WEB] }), pod('shop/client', { app: 'client' }, { ips: [CLIENT] })],
      [
        policy('shop/web', {
          podSelector: { matchLabels: { app: 'web' } },
          ingress: [{ from: allowed.map((ip) => ({ ipBlock: { cidr: `${ip}/32` } })) }],
        }),
        ...(isClientClosed ? [policy('shop/client', { podSelector: { matchLabels: { app: 'client' } } })] : []),
      ],
    ),
    'n1',
  );

const ALLOWED = policyOf([CLIENT], true);
const DENIED = policyOf(['192.0.2.1'], false);

const openerOf = (
  of: NodePolicy,
  from: 'client' | 'web',
  [clientPort, webPort]: readonly [number, number],
  facts: { isRefused?: boolean; cut?: Opener } = {},
): Opener | undefined => {
  const [source, sourcePort, destination, destinationPort] =
    from === 'client' ? [CLIENT, clientPort, WEB, webPort] : [WEB, webPort, CLIENT, clientPort];
  return createStrayJudge(of).openerOf(
    {
      source,
      sourcePort,
      destination,
      destinationPort,
    },
    { isRefused: facts.isRefused === true, wasCut: (opener) => opener === facts.cut },
  );
};

/** Ports of the client and of the web pod: unambiguous ones, two of servers, two of clients, equal ones. */
const PORTS = [
  [50_000, 80],
  [20_000, 8_080],
  [40_000, 50_000],
  [7_000, 7_000],
] as const;

describe('segments of connections that conntrack forgot', () => {
  test.each(PORTS)(
    'a segment from port %i to %i restores its connection if policy allows it, whichever end sent it',
    (...ports) => {
      expect(openerOf(ALLOWED, 'client', ports)).toBe('source');
      expect(openerOf(ALLOWED, 'web', ports)).toBe('destination');
    },
  );

  test.each(PORTS)(
    'a segment from port %i to %i restores nothing that policy denies, even if the other direction is allowed',
    (...ports) => {
      expect(openerOf(DENIED, 'client', ports)).toBeUndefined();
      expect(openerOf(DENIED, 'web', ports)).toBeUndefined();
    },
  );

  test('a segment of a cut connection is recognized, whatever a rule allows in the other direction', () => {
    const both = policyOf([CLIENT], false);
    expect(openerOf(both, 'web', [20_000, 8_080], { cut: 'destination' })).toBe('destination');
    expect(openerOf(DENIED, 'web', [20_000, 8_080], { cut: 'destination' })).toBeUndefined();
    expect(openerOf(DENIED, 'client', [20_000, 8_080], { cut: 'source' })).toBeUndefined();
    // A client with a server's port, and a server with a client's.
    expect(openerOf(DENIED, 'web', [1_000, 50_000], { cut: 'destination' })).toBeUndefined();
    // The web pod cut off by its own rules is no client of the client's.
    expect(openerOf(ALLOWED, 'web', [20_000, 8_080], { cut: 'source' })).toBeUndefined();
  });

  test('a segment that the kernel refused is denied, since the kernel knows more than the policy', () => {
    expect(openerOf(ALLOWED, 'client', [50_000, 80], { isRefused: true })).toBeUndefined();
    expect(openerOf(ALLOWED, 'client', [7_000, 7_000], { isRefused: true })).toBeUndefined();
    expect(openerOf(ALLOWED, 'web', [7_000, 7_000], { isRefused: true })).toBe('destination');
  });
});

test.each([
  [32_768, 32_767, 'source'],
  [65_535, 1, 'source'],
  [1, 65_535, 'destination'],
  [32_767, 32_768, 'destination'],
  [32_768, 65_535, undefined],
  [1, 32_767, undefined],
])('the ports %i and %i show who opened a connection: %s', (sourcePort, destinationPort, opener) => {
  expect(openerByPorts({ sourcePort, destinationPort })).toBe(opener);
});
