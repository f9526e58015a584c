import { describe, expect, test } from '@jest/globals';
import { createFlowStore } from '../../src/records/store.ts';
import { flowRecord } from './flow-record.ts';

const START = Date.parse('2026-01-02T03:00:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A pod of the same Deployment as the usual client. */
const sister = {
  kind: 'pod',
  address: '10.0.0.9',
  namespace: 'shop',
  name: 'client-2',
  workload: 'Deployment/client',
} as const;

describe('the store of records', () => {
  test('the store of records counts an edge over the pods of a workload, and shows the last of them', () => {
    const store = createFlowStore({ startedAt: START });
    store.note(flowRecord(START));
    store.note(flowRecord(START + 2 * MINUTE, { source: sister }), 3);
    expect(store.flows()).toEqual([
      {
        ...flowRecord(START + 2 * MINUTE, { source: sister }),
        since: '2026-01-02T03:00:00.000Z',
        count: 4,
      },
    ]);
  });

  test('the store of records counts from the requested time, to five minutes', () => {
    const store = createFlowStore({ startedAt: START });
    for (let minute = 0; minute < 20; minute += 1) store.note(flowRecord(START + minute * MINUTE));
    expect(store.flows(START + 10 * MINUTE).map(({ count }) => count)).toEqual([10]);
    expect(store.flows(START + 30 * MINUTE)).toEqual([]);
  });

  test('the store of records distinguishes edges of another port, verdict, reason or policy', () => {
    const store = createFlowStore({ startedAt: START });
    store.note(flowRecord(START));
    store.note(flowRecord(START, { port: 81 }));
    store.note(flowRecord(START, { verdict: 'allowed' }));
    store.note(flowRecord(START, { reason: 'gate' }));
    store.note(flowRecord(START, { policies: ['shop/other'] }));
    expect(store.flows()).toHaveLength(5);
  });

  test('the store of records forgets what is older than a day, and says since when it has everything', () => {
    const store = createFlowStore({ startedAt: START });
    store.note(flowRecord(START));
    store.note(flowRecord(START, { port: 81 }));
    store.noteRevision({ at: new Date(START).toISOString(), policy: 'shop/web', change: 'set' });
    store.note(flowRecord(START + 20 * HOUR));
    store.prune(START + 25 * HOUR);
    expect(store.flows().map(({ port, count }) => [port, count])).toEqual([[80, 1]]);
    expect(store.revisions()).toEqual([]);
    expect(store.status().since).toBe(new Date(START + HOUR).toISOString());
  });

  test('the store of records stays within its bytes: coarser first, then the oldest edges go, and it says so', () => {
    const store = createFlowStore({ startedAt: START, maxBytes: 200_000 });
    let sent = 0;
    for (let hour = 0; hour < 3; hour += 1) {
      for (let at = 0; at < 200; at += 1) {
        const destination = { kind: 'internet', address: `203.0.113.${at}` } as const;
        store.note(flowRecord(START + hour * HOUR + at * 1000, { destination, port: at % 50 }));
        sent += 1;
        expect(store.status().bytes).toBeLessThanOrEqual(200_000);
      }
    }
    expect(store.status().resolution).toBe('1 hour, addresses by class');
    const kept = store.flows().reduce((sum, { count }) => sum + count, 0);
    expect(kept + store.status().forgotten).toBe(sent);
    for (let at = 0; at < 1000; at += 1) store.note(flowRecord(START + 4 * HOUR, { port: at }));
    expect(store.status().forgotten).toBeGreaterThan(0);
    expect(store.status().bytes).toBeLessThanOrEqual(200_000);
    expect(store.flows().at(-1)?.port).toBe(999);
  });

  test('the store of records is the same after it was written and read', () => {
    const store = createFlowStore({ startedAt: START });
    store.note(flowRecord(START), 2);
    store.note(flowRecord(START + MINUTE, { port: 81 }));
    store.noteRevision({ at: new Date(START).toISOString(), policy: 'shop/web', change: 'removed' });
    const later = createFlowStore({ startedAt: START + HOUR });
    later.load([...store.dump()]);
    expect(later.flows()).toEqual(store.flows());
    expect(later.revisions()).toEqual(store.revisions());
    expect(later.status()).toEqual(store.status());
  });

  test('the store of records refuses a line that is none of its own', () => {
    const store = createFlowStore({ startedAt: START });
    expect(() => {
      store.load(['{"since":0}', '{"other":1}']);
    }).toThrow('a line is no record');
  });
});
