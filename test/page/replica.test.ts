import { describe, expect, test } from '@jest/globals';
import { clusterOf, factsOf } from '../../src/page/cluster.ts';
import { type Entry, entryKey, type Meta } from '../../src/page/entries.ts';
import { createJournal, DEFAULT_LIMITS, type Message } from '../../src/page/journal.ts';
import { readEntry } from '../../src/page/read-entry.ts';
import { createReplica } from '../../src/page/replica.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const META: Omit<Meta, 'leftOut'> = { title: 'test', mode: 'folder', observes: false };

const namespace = (name: string, value = 'x'): Entry => ({ kind: 'namespace', name, labels: [['team', value]] });

const takeAll = (replica: ReturnType<typeof createReplica>, messages: readonly Message[]) =>
  messages.map((message) => replica.take(JSON.stringify(message)));

describe('the state of the page', () => {
  test('a reader that takes a state and its deltas has what the server has', () => {
    const journal = createJournal('e1');
    const replica = createReplica();
    journal.publish(META, [namespace('a'), namespace('b')]);
    takeAll(replica, journal.after(undefined, 0));
    takeAll(replica, journal.publish(META, [namespace('b', 'y'), namespace('c')]));
    expect([...replica.entries()].sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1))).toEqual([
      namespace('b', 'y'),
      namespace('c'),
    ]);
    expect(replica.position()).toEqual({ epoch: 'e1', seq: journal.seq() });
  });

  test('a reader that was away goes on with the changes that it missed', () => {
    const journal = createJournal('e1');
    const replica = createReplica();
    journal.publish(META, [namespace('a')]);
    takeAll(replica, journal.after(undefined, 0));
    const { seq = 0 } = replica.position() ?? {};
    journal.publish(META, [namespace('a'), namespace('b')]);
    const missed = journal.after('e1', seq);
    expect(missed.map(({ op }) => op)).toEqual(['put']);
    takeAll(replica, missed);
    expect([...replica.entries()]).toHaveLength(2);
  });

  test.each([
    ['of another server', 'e0', 1],
    ['that is ahead of the server', 'e1', 99],
  ])('a reader %s gets the whole state', (_, epoch, seq) => {
    const journal = createJournal('e1');
    journal.publish(META, [namespace('a')]);
    expect(journal.after(epoch, seq).map(({ op }) => op)).toEqual(['state']);
  });

  test('a reader that misses more changes than are kept gets the whole state', () => {
    const journal = createJournal('e1');
    for (let round = 0; round < 2_100; round += 1) journal.publish(META, [namespace('a', String(round))]);
    expect(journal.after('e1', 1).map(({ op }) => op)).toEqual(['state']);
    expect(journal.after('e1', journal.seq() - 5)).toHaveLength(5);
  });

  test('a reader notices a message that is missing and asks again', () => {
    const replica = createReplica();
    const journal = createJournal('e1');
    journal.publish(META, [namespace('a')]);
    takeAll(replica, journal.after(undefined, 0));
    journal.publish(META, [namespace('a'), namespace('b')]);
    expect(takeAll(replica, journal.publish(META, [namespace('a')]))).toEqual(['gap']);
  });

  test('a state of 50 MB is cut to the limit, and what was left out is counted', () => {
    const large = 'x'.repeat(500_000);
    const entries = Array.from(
      { length: 100 },
      (_, at): Entry => ({ kind: 'policy', namespace: 'a', name: `p${at}`, spec: { large } }),
    );
    const journal = createJournal('e1');
    journal.publish(META, entries);
    const text = JSON.stringify(journal.state());
    expect(text.length).toBeLessThan(DEFAULT_LIMITS.characters + 10_000);
    const replica = createReplica();
    expect(replica.take(text)).toBe('changed');
    const kept = [...replica.entries()].length;
    expect(replica.meta()?.leftOut).toEqual({ policy: 100 - kept });
    expect(kept).toBeGreaterThan(40);
  });

  test('a cluster comes out of the state as it went in', () => {
    const given = cluster(
      { a: { team: 'x' } },
      [pod('a/web', { app: 'web' })],
      [policy('a/deny', { podSelector: {} })],
    );
    const facts = [...factsOf(given, ({ name }) => ({ kind: 'Pod', name }))];
    const read = facts.map((fact) => readEntry(JSON.parse(JSON.stringify(fact))));
    expect(read).toEqual(facts);
    const { snapshot } = clusterOf(facts);
    expect(snapshot.policies).toEqual(given.policies);
    expect(snapshot.namespaces).toEqual(given.namespaces);
    expect([...snapshot.pods.values()].map(({ name, labels }) => [name, labels])).toEqual([
      ['web', new Map([['app', 'web']])],
    ]);
  });
});

const SEEN = {
  kind: 'seen',
  from: '10.0.0.1',
  to: '10.0.0.2',
  protocol: 'TCP',
  port: 80,
  verdict: 'refused',
  count: 1,
  first: 1,
  last: 2,
};

describe('a server that lies', () => {
  test.each([
    ['a count below zero', { ...SEEN, count: -1 }],
    ['a count that is no number', { ...SEEN, count: '9' }],
    ['an address that is none', { ...SEEN, from: '999.1.1.1' }],
    ['a port that does not exist', { ...SEEN, port: 70_000 }],
    ['a verdict that does not exist', { ...SEEN, verdict: 'maybe' }],
    ['a name of 10,000 characters', { kind: 'namespace', name: 'n'.repeat(10_000), labels: [] }],
    ['a kind that does not exist', { kind: 'script', text: 'x' }],
    [
      'a list of 5,000 addresses',
      { kind: 'outside', name: 'x', ips: Array.from({ length: 5_000 }, () => '10.0.0.1'), ports: [] },
    ],
    [
      'a story whose result is no text',
      { kind: 'story', number: 0, title: 't', intro: '', steps: [], isShown: true, results: [{ from: 1 }] },
    ],
    ['nothing', null],
    ['a list', []],
  ])('an entry with %s is left out and counted', (_, entry) => {
    const replica = createReplica();
    const meta = { ...META, leftOut: {} };
    const result = replica.take(JSON.stringify({ op: 'state', epoch: 'e', seq: 0, meta, entries: [entry, SEEN] }));
    expect([result, [...replica.entries()].length, replica.misread()]).toEqual(['changed', 1, 1]);
  });

  test.each([
    ['no JSON', '{'],
    ['a number', '7'],
    ['an unknown operation', '{"op":"eval","seq":1}'],
    ['a delta before any state', '{"op":"put","seq":1,"entry":{}}'],
    ['a state without a meta', '{"op":"state","epoch":"e","seq":0,"entries":[]}'],
  ])('a line that is %s changes nothing', (_, line) => {
    const replica = createReplica();
    expect([replica.take(line), replica.position(), [...replica.entries()]]).toEqual(['gap', undefined, []]);
  });
});
