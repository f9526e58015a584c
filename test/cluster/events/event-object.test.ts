import { describe, expect, test } from '@jest/globals';
import { countOf, eventName, eventObject, eventPath } from '../../../src/cluster/events/event-object.ts';
import type { OperatorEvent } from '../../../src/model/operator-event.ts';
import { policyKey } from '../../../src/model/policy-object.ts';

const AT = '2026-01-02T03:04:05.678Z';
const LATER = '2026-01-02T03:09:05.000Z';

const ofNode: OperatorEvent = { type: 'Warning', reason: 'RulesChanged', action: 'Repair', note: 'a set is gone' };
const ofPolicy: OperatorEvent = {
  policy: policyKey('shop', 'web'),
  type: 'Warning',
  reason: 'InvalidPolicy',
  action: 'Compile',
  note: 'spec.podSelector: is not an object',
};

const objectOf = (event: OperatorEvent, node = 'n1', count = 1): Readonly<Record<string, unknown>> =>
  eventObject(event, node, AT, { count, lastAt: LATER }) as Readonly<Record<string, unknown>>;

test('an event of the node has the form that kubectl describe node looks for', () => {
  expect(objectOf(ofNode)).toEqual({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'default', name: 'n1.18c8d49bb1ce3572' },
    eventTime: '2026-01-02T03:04:05.678000Z',
    type: 'Warning',
    reason: 'RulesChanged',
    action: 'Repair',
    note: 'a set is gone',
    regarding: { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n1' },
    reportingController: 'portcullis.io/agent',
    reportingInstance: 'n1',
  });
});

test('an event of a policy is in its namespace', () => {
  expect(objectOf(ofPolicy)).toMatchObject({
    metadata: { namespace: 'shop', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) },
    regarding: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'shop', name: 'web' },
  });
  expect(eventPath(ofPolicy, 'n1')).toBe(`/apis/events.k8s.io/v1/namespaces/shop/events/${eventName(ofPolicy, 'n1')}`);
});

test('several occurrences form a series, a single one does not', () => {
  expect(objectOf(ofNode, 'n1', 3)['series']).toEqual({ count: 3, lastObservedTime: '2026-01-02T03:09:05.000000Z' });
  expect([countOf(objectOf(ofNode, 'n1', 3)), countOf(objectOf(ofNode)), countOf(undefined)]).toEqual([3, 1, 1]);
});

describe('names of events', () => {
  test('the name of an event of a policy is the same for every agent', () => {
    expect(eventName(ofPolicy, 'n1')).toBe(eventName({ ...ofPolicy }, 'n2'));
    expect(eventName(ofNode, 'n1')).not.toBe(eventName(ofNode, 'n2'));
  });

  test.each<Partial<OperatorEvent>>([
    { type: 'Normal' },
    { reason: 'Other' },
    { action: 'Other' },
    { note: 'other' },
    { policy: policyKey('other', 'web') },
  ])('the name of an event differs with %j', (change) => {
    expect(eventName({ ...ofPolicy, ...change }, 'n1')).not.toBe(eventName(ofPolicy, 'n1'));
  });

  test('the API accepts the name of an event of the node with the longest name', () => {
    const node = `${'a'.repeat(235)}.${'b'.repeat(17)}`;
    const name = eventName(ofNode, node);
    expect(name).toMatch(/^a{235}\.[0-9a-f]{16}$/);
    expect(objectOf(ofNode, node)['reportingInstance']).toHaveLength(128);
  });
});

test('the note of an event is one line of up to 1,024 bytes', () => {
  const note = String(objectOf({ ...ofNode, note: `\u001b[31m${'ü'.repeat(2000)}` })['note']);
  expect(note.startsWith('\\u{1b}[31mü')).toBe(true);
  expect(note.endsWith('ü…')).toBe(true);
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  expect(Buffer.byteLength(note)).toBeGreaterThan(1020);
});
