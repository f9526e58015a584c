import { describe, expect, test } from '@jest/globals';
import { findOwners } from '../../src/addresses/find-owners.ts';
import type { PodEndpoint, SandboxWord } from '../../src/model/pod.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const IP = '10.0.0.1';

const noted = (notedAt: number): SandboxWord => ({ noted: [IP], doubted: [], notedAt });

const claim = (name: string, changes: Partial<PodEndpoint> = {}): PodEndpoint =>
  podEndpoint(name, { ips: [IP], ...changes });

const doubted = (name: string, changes: Partial<PodEndpoint> = {}): PodEndpoint =>
  podEndpoint(name, { ips: ['10.0.0.9'], sandbox: { noted: ['10.0.0.9'], doubted: [IP], notedAt: 5 }, ...changes });

const unknown = (name: string, notedAt: number, changes: Partial<PodEndpoint> = {}): PodEndpoint =>
  claim(name, { sandbox: noted(notedAt), closed: 'unknown', ...changes });

/** Finds owners in both orders. @returns the owners, with `?` if they are not certain */
const ownersOf = (...pods: readonly PodEndpoint[]): string => {
  const show = (all: readonly PodEndpoint[]): string => {
    const { owners, isCertain } = findOwners(all, IP);
    return `${owners.map(({ name }) => name).join(' ')}${isCertain ? '' : '?'}`;
  };
  const answer = show(pods);
  expect(show(pods.toReversed())).toBe(answer);
  return answer;
};

describe('owners of an address with one claim', () => {
  test('one pod owns an address that its status or its CNI result names', () => {
    expect(ownersOf(claim('a'))).toBe('a');
    expect(ownersOf(claim('a', { sandbox: noted(1) }))).toBe('a');
    expect(ownersOf(claim('a', { isTerminating: true }))).toBe('a');
  });

  test('a pod owns an address without certainty if its own CNI result contradicts its status', () => {
    expect(ownersOf(doubted('a'))).toBe('a?');
  });

  test('a closed pod owns its address without certainty', () => {
    expect(ownersOf(unknown('a', 1))).toBe('a?');
    expect(ownersOf(claim('a', { closed: 'vanished' }))).toBe('a?');
  });
});

describe('owners of an address with two claims', () => {
  test('of two pods, the one with a CNI result owns the address, whatever the other’s status says', () => {
    expect(ownersOf(claim('old', { sandbox: noted(1) }), claim('new', { createdAt: 9 }))).toBe('old');
    expect(ownersOf(claim('here', { sandbox: noted(1) }), claim('far', { node: 'n2', createdAt: 9 }))).toBe('here');
  });

  test('of two pods with CNI results, the one with the newer result owns the address; both in the same millisecond', () => {
    expect(ownersOf(claim('a', { sandbox: noted(2) }), claim('b', { sandbox: noted(1) }))).toBe('a');
    expect(ownersOf(claim('a', { sandbox: noted(2) }), claim('b', { sandbox: noted(2) }))).toBe('a b?');
  });

  test('two pods whose statuses name an address may both own it, however old they are', () => {
    expect(ownersOf(claim('a', { createdAt: 1 }), claim('b', { createdAt: 2 }))).toBe('a b?');
    expect(ownersOf(claim('a', { createdAt: 1 }), claim('b', { createdAt: 1 }))).toBe('a b?');
  });

  test('a pod that is not older owns the address of one that is being deleted', () => {
    const going = claim('going', { createdAt: 2, isTerminating: true });
    expect(ownersOf(going, claim('next', { createdAt: 3 }))).toBe('next');
    expect(ownersOf(going, claim('next', { createdAt: 2 }))).toBe('next');
    expect(ownersOf(going, claim('older', { createdAt: 1 }))).toBe('going older?');
    expect(ownersOf(going, claim('next', { createdAt: 3, isTerminating: true }))).toBe('going next?');
  });

  test('of two pods, the one whose status no CNI result contradicts owns the address', () => {
    expect(ownersOf(doubted('a', { createdAt: 9 }), claim('b'))).toBe('b');
    expect(ownersOf(doubted('a'), doubted('b'))).toBe('a b?');
  });
});

describe('addresses of sandboxes and pods that the API server does not know', () => {
  test('an unknown sandbox closes its address until a newer sandbox has it', () => {
    expect(ownersOf(unknown('gone', 1), claim('next', { sandbox: noted(2) }))).toBe('next');
    expect(ownersOf(unknown('gone', 2), claim('before', { sandbox: noted(1) }))).toBe('gone?');
  });

  test('an unknown sandbox closes an address that the status of another pod of the node still names', () => {
    expect(ownersOf(unknown('gone', 1), claim('other'))).toBe('gone?');
    expect(ownersOf(unknown('gone', 1, { namespace: '' }), claim('far', { node: 'n2' }))).toBe('gone?');
    expect(ownersOf(unknown('gone', 1), doubted('other'))).toBe('gone?');
  });

  test('an unknown sandbox is that of a static pod if a mirror pod has its name and address', () => {
    expect(ownersOf(unknown('static', 1, { name: 'proxy' }), claim('mirror', { name: 'proxy' }))).toBe('proxy');
    expect(ownersOf(unknown('static', 1, { namespace: '' }), claim('mirror'))).toBe('mirror');
  });

  test('an unknown sandbox does not belong to a mirror pod with a sandbox of its own', () => {
    const successor = podEndpoint('u2', {
      name: 'web-0',
      ips: ['10.0.0.2'],
      sandbox: { noted: ['10.0.0.2'], doubted: [IP], notedAt: 3 },
    });
    expect(ownersOf(unknown('u1', 1, { name: 'web-0' }), successor)).toBe('web-0?');
    expect(findOwners([unknown('u1', 1, { name: 'web-0' }), successor], IP).owners[0]?.uid).toBe('u1');
  });

  test('a vanished pod closes its address until another pod has it', () => {
    expect(ownersOf(claim('gone', { closed: 'vanished' }), claim('next'))).toBe('next');
    expect(ownersOf(claim('gone', { closed: 'vanished' }), doubted('other'))).toBe('gone other?');
  });
});
