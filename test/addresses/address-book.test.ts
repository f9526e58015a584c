import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAddressBook } from '../../src/addresses/address-book.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';
import { propertyTime } from '../support/property-time.ts';

const settleAll = (pods: readonly PodEndpoint[]): readonly string[] => {
  const book = createAddressBook();
  pods.forEach(book.claim);
  return pods.map((pod) => {
    const { subject, peer } = book.settle(pod);
    return `${pod.uid}: ${subject.ips.join(' ')} | ${peer.ips.join(' ')}`;
  });
};

const at = (uid: string, ips: readonly string[], changes: Partial<PodEndpoint> = {}): PodEndpoint =>
  podEndpoint(uid, { ips, ...changes });

describe('address book', () => {
  test('a pod with addresses of its own keeps them, and stays the same object', () => {
    const book = createAddressBook();
    const pod = at('x', ['10.0.0.1', 'fd00::1']);
    book.claim(pod);
    book.claim(at('y', ['10.0.0.2']));
    expect(book.settle(pod)).toEqual({ subject: pod, peer: pod });
    expect(book.settle(pod).subject).toBe(pod);
    expect(book.settle(pod).peer).toBe(pod);
  });

  test('the policies of both pods apply at an address that both may have, and no peer includes it', () => {
    const pods = [at('x', ['10.0.0.1', 'fd00::1'], { createdAt: 1 }), at('y', ['10.0.0.1'], { createdAt: 2 })];
    expect(settleAll(pods)).toEqual(['x: 10.0.0.1 fd00::1 | fd00::1', 'y: 10.0.0.1 | ']);
  });

  test('a pod loses an address to a pod that certainly has it', () => {
    const sandbox = { noted: ['10.0.0.1'], doubted: ['10.0.0.2'], notedAt: 1 };
    const pods = [at('p', ['10.0.0.1'], { sandbox }), at('q', ['10.0.0.1', 'fd00::2'])];
    expect(settleAll(pods)).toEqual(['p: 10.0.0.1 10.0.0.2 | 10.0.0.1', 'q: fd00::2 | fd00::2']);
  });

  test('a settled pod settles to the same result again, without the addresses that it lost', () => {
    const book = createAddressBook();
    const sandbox = { noted: ['10.0.0.1'], doubted: ['10.0.0.2', '10.0.0.3'], notedAt: 1 };
    const pod = at('p', ['10.0.0.1'], { sandbox });
    [pod, at('q', ['10.0.0.2'])].forEach(book.claim);
    const { subject } = book.settle(pod);
    expect(subject.ips).toEqual(['10.0.0.1', '10.0.0.3']);
    const again = createAddressBook();
    again.claim(subject);
    expect(again.settle(subject).subject).toBe(subject);
  });

  test('a pod on the host network shares its address and takes none from others', () => {
    const host = at('h', ['10.0.9.1'], { hostNetwork: true });
    expect(settleAll([host, at('x', ['10.0.9.1'])])).toEqual(['h: 10.0.9.1 | 10.0.9.1', 'x: 10.0.9.1 | 10.0.9.1']);
  });
});

const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1');
const anyPod = fc
  .record({
    ips: fc.uniqueArray(address, { maxLength: 2 }),
    createdAt: fc.nat(1),
    terminating: fc.boolean(),
    sandbox: fc.option(
      fc.record({
        noted: fc.uniqueArray(address, { maxLength: 2 }),
        doubted: fc.uniqueArray(address),
        notedAt: fc.nat(1),
      }),
    ),
    closed: fc.constantFrom('unknown' as const, 'vanished' as const, undefined, undefined),
  })
  .map(({ ips, createdAt, terminating, sandbox, closed }) => {
    const noted = sandbox?.noted.filter((ip) => ips.includes(ip)) ?? [];
    return {
      ips,
      createdAt,
      ...(terminating ? { isTerminating: true as const } : {}),
      ...(closed === undefined ? {} : { closed }),
      ...(sandbox === null
        ? {}
        : { sandbox: { ...sandbox, noted, doubted: sandbox.doubted.filter((ip) => !noted.includes(ip)) } }),
    };
  });

test('adding and removing pods one by one gives the same owners as adding the rest at once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.option(anyPod)), { maxLength: 12 }), (steps) => {
      const book = createAddressBook();
      const now = new Map<string, PodEndpoint>();
      const told = new Map<string, string>();
      for (const [which, change] of steps) {
        const uid = `p${which}`;
        const before = now.get(uid);
        if (before !== undefined) book.release(before);
        if (change === null) now.delete(uid);
        else {
          const pod = podEndpoint(uid, change);
          now.set(uid, pod);
          book.claim(pod);
        }
        const fresh = createAddressBook();
        [...now.values()].toReversed().forEach(fresh.claim);
        const disputed = book.takeDisputes();
        for (const [other, pod] of now) {
          const settled = book.settle(pod);
          expect(settled).toEqual(fresh.settle(pod));
          const text = JSON.stringify([settled.subject.ips, settled.peer.ips]);
          if (other !== uid && !disputed.has(other)) expect(text).toBe(told.get(other));
          told.set(other, text);
        }
        for (const ip of ['10.0.0.1', '10.0.0.2', 'fd00::1']) {
          const isClaimed = [...now.values()].some((pod) => [...pod.ips, ...(pod.sandbox?.doubted ?? [])].includes(ip));
          expect((book.ownershipOf(ip)?.owners.length ?? 0) > 0).toBe(isClaimed);
        }
      }
    }),
    propertyTime(2_000),
  );
});
