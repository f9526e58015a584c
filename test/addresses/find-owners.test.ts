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

/** Asks in both orders. @returns the owners, and `?` behind them where it is not certain */
const ownersOf = (...pods: readonly PodEndpoint[]): string => {
  const show = (all: readonly PodEndpoint[]): string => {
    const { owners, isCertain } = findOwners(all, IP);
    return `${owners.map(({ name }) => name).join(' ')}${isCertain ? '' : '?'}`;
  };
  const answer = show(pods);
  expect(show(pods.toReversed())).toBe(answer);
  return answer;
};

describe('one pod has an address', () => {
  test('that its status tells, or a note', () => {
    expect(ownersOf(claim('a'))).toBe('a');
    expect(ownersOf(claim('a', { sandbox: noted(1) }))).toBe('a');
    expect(ownersOf(claim('a', { isTerminating: true }))).toBe('a');
  });

  test('not for certain where its own note contradicts its status', () => {
    expect(ownersOf(doubted('a'))).toBe('a?');
  });

  test('not for certain where it is closed', () => {
    expect(ownersOf(unknown('a', 1))).toBe('a?');
    expect(ownersOf(claim('a', { closed: 'vanished' }))).toBe('a?');
  });
});

describe('of two pods', () => {
  test('that whose sandbox was noted has it, whatever the other’s status says', () => {
    expect(ownersOf(claim('old', { sandbox: noted(1) }), claim('new', { createdAt: 9 }))).toBe('old');
    expect(ownersOf(claim('here', { sandbox: noted(1) }), claim('far', { node: 'n2', createdAt: 9 }))).toBe('here');
  });

  test('that whose sandbox was noted last has it; both where that was in the same millisecond', () => {
    expect(ownersOf(claim('a', { sandbox: noted(2) }), claim('b', { sandbox: noted(1) }))).toBe('a');
    expect(ownersOf(claim('a', { sandbox: noted(2) }), claim('b', { sandbox: noted(2) }))).toBe('a b?');
  });

  test('both may have it where two statuses tell it, however old they are', () => {
    expect(ownersOf(claim('a', { createdAt: 1 }), claim('b', { createdAt: 2 }))).toBe('a b?');
    expect(ownersOf(claim('a', { createdAt: 1 }), claim('b', { createdAt: 1 }))).toBe('a b?');
  });

  test('a younger one, or one of the same second, has it after one that is being deleted', () => {
    const going = claim('going', { createdAt: 2, isTerminating: true });
    expect(ownersOf(going, claim('next', { createdAt: 3 }))).toBe('next');
    expect(ownersOf(going, claim('next', { createdAt: 2 }))).toBe('next');
    expect(ownersOf(going, claim('older', { createdAt: 1 }))).toBe('going older?');
    expect(ownersOf(going, claim('next', { createdAt: 3, isTerminating: true }))).toBe('going next?');
  });

  test('that whose status no note contradicts has it', () => {
    expect(ownersOf(doubted('a', { createdAt: 9 }), claim('b'))).toBe('b');
    expect(ownersOf(doubted('a'), doubted('b'))).toBe('a b?');
  });
});

describe('what the API server does not know', () => {
  test('closes an address until a newer sandbox has it', () => {
    expect(ownersOf(unknown('gone', 1), claim('next', { sandbox: noted(2) }))).toBe('next');
    expect(ownersOf(unknown('gone', 2), claim('before', { sandbox: noted(1) }))).toBe('gone?');
  });

  test('closes an address that the status of another pod of the node still tells', () => {
    expect(ownersOf(unknown('gone', 1), claim('other'))).toBe('gone?');
    expect(ownersOf(unknown('gone', 1, { namespace: '' }), claim('far', { node: 'n2' }))).toBe('gone?');
    expect(ownersOf(unknown('gone', 1), doubted('other'))).toBe('gone?');
  });

  test('is the static pod of a mirror pod with its name and address', () => {
    expect(ownersOf(unknown('static', 1, { name: 'proxy' }), claim('mirror', { name: 'proxy' }))).toBe('proxy');
    expect(ownersOf(unknown('static', 1, { namespace: '' }), claim('mirror'))).toBe('mirror');
  });

  test('is no mirror pod’s that has a sandbox of its own', () => {
    const successor = podEndpoint('u2', {
      name: 'web-0',
      ips: ['10.0.0.2'],
      sandbox: { noted: ['10.0.0.2'], doubted: [IP], notedAt: 3 },
    });
    expect(ownersOf(unknown('u1', 1, { name: 'web-0' }), successor)).toBe('web-0?');
    expect(findOwners([unknown('u1', 1, { name: 'web-0' }), successor], IP).owners[0]?.uid).toBe('u1');
  });

  test('keeps an address closed after its pod vanished until anybody else has it', () => {
    expect(ownersOf(claim('gone', { closed: 'vanished' }), claim('next'))).toBe('next');
    expect(ownersOf(claim('gone', { closed: 'vanished' }), doubted('other'))).toBe('gone other?');
  });
});
