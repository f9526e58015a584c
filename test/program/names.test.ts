import { describe, expect, test } from '@jest/globals';
import {
  DISPATCH_CHAIN,
  dispatchChain,
  ERRORS_CHAIN,
  FORWARD_CHAIN,
  governedSet,
  ICMP_CHAIN,
  isolationChain,
  isOwnChain,
  isOwnSet,
  JUDGE_CHAIN,
  MAX_CHAIN_NAME,
  MAX_SET_NAME,
  memberSet,
  OUTPUT_CHAIN,
  spareSet,
  STRAY_CHAIN,
} from '../../src/program/names.ts';

const LONG = 'n'.repeat(400);

describe('names', () => {
  test('names stay the same from release to release, so that an upgrade adopts existing objects', () => {
    expect(isolationChain('ingress', ['shop/deny-ingress'], '')).toBe('PORTCULLIS-I-ooke55xvh3c2hix');
    expect(isolationChain('egress', ['shop/a', 'shop/b'], 'TCP/http=80')).toBe('PORTCULLIS-E-qmlh3faefkl4u2z');
    expect(dispatchChain('ingress', '10.1.1.0/27')).toBe('PORTCULLIS-TI-jgjarvge5v6kew');
    expect(dispatchChain('egress', 'fd00::/64')).toBe('PORTCULLIS-TE-jnt2no2amnnzqe');
    expect(memberSet('ipv4', ['pods', 'x'])).toBe('portcullis-4-2oncelsn3bh3n7tild');
    expect(memberSet('ipv6', ['blocks', '::1', 'fe80::/10'])).toBe('portcullis-6-d4vgn4n5tk3ov2yytn');
    expect(governedSet('ipv4')).toBe('portcullis-4-governed');
    expect(spareSet(governedSet('ipv6'))).toBe('portcullis-x-e6i4w2grlecf6wcxp7');
    expect([
      FORWARD_CHAIN,
      OUTPUT_CHAIN,
      STRAY_CHAIN,
      ICMP_CHAIN.ipv4,
      ICMP_CHAIN.ipv6,
      ERRORS_CHAIN,
      JUDGE_CHAIN,
      DISPATCH_CHAIN.egress,
      DISPATCH_CHAIN.ingress,
      DISPATCH_CHAIN.errors,
    ]).toEqual([
      'PORTCULLIS-FORWARD',
      'PORTCULLIS-OUTPUT',
      'PORTCULLIS-STRAY',
      'PORTCULLIS-ICMP',
      'PORTCULLIS-ICMPV6',
      'PORTCULLIS-ERRORS',
      'PORTCULLIS-JUDGE',
      'PORTCULLIS-EGRESS',
      'PORTCULLIS-INGRESS',
      'PORTCULLIS-SENDERS',
    ]);
  });

  test('names have up to the kernel’s maximum length, whatever they stand for', () => {
    for (const name of [isolationChain('ingress', [LONG], LONG), dispatchChain('egress', LONG)]) {
      expect(name).toHaveLength(MAX_CHAIN_NAME);
    }
    for (const name of [memberSet('ipv4', [LONG]), spareSet(memberSet('ipv6', [LONG]))]) {
      expect(name).toHaveLength(MAX_SET_NAME);
    }
  });

  test('names contain only characters that every tool and shell leaves alone', () => {
    for (let at = 0; at < 200; at += 1) {
      expect(isolationChain('ingress', [String(at)], '')).toMatch(/^PORTCULLIS-I-[a-z2-7]{15}$/);
      expect(memberSet('ipv4', [String(at)])).toMatch(/^portcullis-4-[a-z2-7]{18}$/);
    }
  });

  test('names differ if any part of their meaning differs', () => {
    const chains = [
      isolationChain('ingress', ['x/a'], ''),
      isolationChain('egress', ['x/a'], ''),
      isolationChain('ingress', ['x/a'], 'TCP/http=80'),
      isolationChain('ingress', ['x/a', 'x/b'], ''),
      isolationChain('ingress', ['x/b', 'x/a'], ''),
      isolationChain('ingress', ['x/a,x/b'], ''),
      isolationChain('ingress', ['', 'x/a'], ''),
      dispatchChain('ingress', 'x/a'),
      dispatchChain('egress', 'x/a'),
    ];
    expect(new Set(chains).size).toBe(chains.length);
    const sets = [
      memberSet('ipv4', ['pods', 'a']),
      memberSet('ipv6', ['pods', 'a']),
      memberSet('ipv4', ['podsa']),
      memberSet('ipv4', ['pods', 'a', '']),
      memberSet('ipv4', ['blocks', 'a']),
      governedSet('ipv4'),
      governedSet('ipv6'),
      spareSet(memberSet('ipv4', ['pods', 'a'])),
      spareSet(governedSet('ipv4')),
    ];
    expect(new Set(sets).size).toBe(sets.length);
  });

  test('names of thousands of objects are all different', () => {
    const count = 20_000;
    const names = Array.from({ length: count }, (_, at) => memberSet('ipv4', ['pods', String(at)]));
    expect(new Set(names).size).toBe(count);
  });

  test('names of ours are distinguished from others', () => {
    expect([FORWARD_CHAIN, isolationChain('ingress', [], ''), dispatchChain('egress', '')].every(isOwnChain)).toBe(
      true,
    );
    expect([governedSet('ipv4'), memberSet('ipv6', []), spareSet(governedSet('ipv4'))].every(isOwnSet)).toBe(true);
    for (const other of ['PORTCULLIS', 'PORTCULLI-X', 'portcullis-x', 'KUBE-FORWARD', 'X-PORTCULLIS-A', '']) {
      expect(isOwnChain(other)).toBe(false);
    }
    for (const other of ['portcullis', 'PORTCULLIS-4-x', 'cali40portcullis-', '']) expect(isOwnSet(other)).toBe(false);
  });
});
