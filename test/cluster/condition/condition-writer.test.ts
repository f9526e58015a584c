import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiError } from '../../../src/cluster/api/api-error.ts';
import { type ConditionWriter, createConditionWriter } from '../../../src/cluster/condition/condition-writer.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import { podEndpoint } from '../../support/pod-endpoint.ts';
import { waitFor } from '../../support/wait-for.ts';

const pod = (uid: string): PodEndpoint => podEndpoint(uid, { ips: ['10.0.0.5'] });

let writer: ConditionWriter;
let written: string[];
let troubles: (string | undefined)[];
let waits: number[];
let answers: Map<string, Error[]>;
/** Time passes only while something waits for it. */
let now: number;

const clock: Clock = {
  now: () => now,
  wall: () => '',
  after(ms, callback) {
    const immediate = setImmediate(() => {
      waits.push(ms);
      now += ms;
      callback();
    });
    return () => {
      clearImmediate(immediate);
    };
  },
};

beforeEach(() => {
  written = [];
  troubles = [];
  waits = [];
  answers = new Map();
  now = 0;
  writer = createConditionWriter({
    write({ uid }) {
      const error = answers.get(uid)?.shift();
      if (error !== undefined) return Promise.reject(error);
      written.push(uid);
      return Promise.resolve();
    },
    clock,
    random: () => 1,
    onTrouble: (trouble) => troubles.push(trouble),
  });
});

afterEach(() => writer.stop());

const untilIdle = (): Promise<unknown> =>
  waitFor('nothing to wait', 5000, () => Promise.resolve(writer.status().waiting === 0 || undefined));

test('conditions that a readiness gate waits for are written first', async () => {
  writer.add(pod('a'));
  writer.add(pod('b'));
  writer.add({ ...pod('c'), awaitsEnforcement: true });
  await untilIdle();
  expect(written.indexOf('c')).toBeLessThan(written.indexOf('b'));
  expect(writer.status()).toEqual({ written: 3, waiting: 0 });
});

test('a few conditions are written at once, more of them at a pace', async () => {
  for (let at = 0; at < 50; at += 1) writer.add(pod(`p${at}`));
  await untilIdle();
  expect(written).toHaveLength(50);
  // 5 at once, 45 at 5 a second.
  expect(now).toBe(9000);
});

test('a failed condition is retried after growing waits, and reported once', async () => {
  const down = (): Error => new Error('down');
  answers.set('a', [down(), down(), down()]);
  writer.add(pod('a'));
  await untilIdle();
  expect(written).toEqual(['a']);
  expect(waits).toEqual([500, 1000, 2000]);
  expect(troubles).toEqual(['down', undefined]);
});

test('the writer waits as long as the server asks', async () => {
  answers.set('a', [new ApiError('429', 429, 7000)]);
  writer.add(pod('a'));
  await untilIdle();
  expect(waits).toEqual([7000]);
});

test('a pod that is gone or replaced is skipped without a report', async () => {
  answers.set('a', [new ApiError('404', 404, undefined)]);
  answers.set('b', [new ApiError('409', 409, undefined)]);
  writer.add(pod('a'));
  writer.add(pod('b'));
  writer.add(pod('c'));
  await untilIdle();
  expect([written, troubles, waits]).toEqual([['c'], [], []]);
});

test('a pod that goes while its condition waits is not tried again', async () => {
  answers.set('a', [new Error('down')]);
  writer.add(pod('a'));
  writer.forget('a');
  await untilIdle();
  expect(written).toEqual([]);
});
