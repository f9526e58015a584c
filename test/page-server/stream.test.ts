import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Entry } from '../../src/page/entries.ts';
import { createJournal } from '../../src/page/journal.ts';
import { createHub } from '../../src/page-server/stream.ts';

const META = { title: 'test', mode: 'folder', observes: false } as const;

const problem = (text: string): Entry => ({ kind: 'problem', text });

const linesOf = (text: string): readonly { readonly op: string; readonly entries?: readonly Entry[] }[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly op: string });

describe('the stream of the state', () => {
  test('a reader that falls behind gets the newest state instead of a queue', async () => {
    const journal = createJournal('e');
    const hub = createHub(journal, () => 0);
    const slow = new PassThrough();
    journal.publish(META, []);
    hub.add(slow, undefined, 0);
    const large = 'x'.repeat(200_000);
    for (let round = 0; round < 50; round += 1) hub.send(journal.publish(META, [problem(`${round} ${large}`)]));
    expect(slow.writableLength).toBeLessThan(2 << 20);
    let text = '';
    const isDone = new Promise<void>((resolve) => {
      slow.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (linesOf(text.slice(0, text.lastIndexOf('\n') + 1)).filter(({ op }) => op === 'state').length === 2)
          resolve();
      });
    });
    await isDone;
    const last = linesOf(text).at(-1);
    expect([last?.op, last?.entries]).toEqual(['state', [problem(`49 ${large}`)]]);
    hub.close();
  });
});
