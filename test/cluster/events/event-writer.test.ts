import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ApiError } from '../../../src/cluster/api/api-error.ts';
import { createEventWriter, type EventWriter } from '../../../src/cluster/events/event-writer.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { EventOutcome, OperatorEvent } from '../../../src/model/operator-event.ts';
import { policyKey } from '../../../src/model/policy-object.ts';
import { waitFor } from '../../support/wait-for.ts';

let writer: EventWriter;
let requests: string[];
/** The errors of the next requests. */
let answers: (Error | undefined)[];
let outcomes: EventOutcome[];
let troubles: (string | undefined)[];
/** The count that the API server has stored. */
let known: number;
/** Time passes only while something waits for it. */
let now: number;

const clock: Clock = {
  now: () => now,
  wall: () => new Date(now).toISOString(),
  after(ms, callback) {
    const immediate = setImmediate(() => {
      now += ms;
      callback();
    });
    return () => {
      clearImmediate(immediate);
    };
  },
};

const ask = (text: string): Promise<void> => {
  requests.push(`${Math.round(now / 1000)} s: ${text}`);
  const error = answers.shift();
  return error === undefined ? Promise.resolve() : Promise.reject(error);
};

const status = (code: number, retryAfterMs?: number): ApiError => new ApiError(String(code), code, retryAfterMs);

const event = (note: string): OperatorEvent => ({ type: 'Warning', reason: 'R', action: 'A', note });
const ofPolicy = (note: string): OperatorEvent => ({ ...event(note), policy: policyKey('shop', 'web') });

const untilIdle = (): Promise<unknown> =>
  waitFor('nothing to wait', 5000, () => Promise.resolve(writer.status().waiting === 0 || undefined));

/** Reports an event, and waits until it is sent. */
const told = async (...events: readonly OperatorEvent[]): Promise<void> => {
  for (const each of events) writer.add(each);
  await untilIdle();
};

beforeEach(() => {
  [requests, answers, outcomes, troubles, known, now] = [[], [], [], [], 1, 0];
  writer = createEventWriter({
    node: 'n1',
    requests: {
      create: ({ note }, _, { count }) => ask(`create ${note} x${count}`),
      async count({ note }) {
        await ask(`count ${note}`);
        return known;
      },
      repeat: ({ note }, { count }) => ask(`repeat ${note} x${count}`),
    },
    clock,
    random: () => 1,
    onOutcome: (outcome) => outcomes.push(outcome),
    onTrouble: (trouble) => troubles.push(trouble),
  });
});

afterEach(() => writer.stop());

test('a new event is created; its repetitions cost one more request per minute', async () => {
  await told(event('a'));
  await told(event('a'), event('a'), event('a'));
  expect(requests).toEqual(['0 s: create a x1', '60 s: repeat a x4']);
  expect(outcomes).toEqual(['posted', 'repeated']);
});

test('an event that is repeated before it is sent is a series from the start', async () => {
  await told(event('a'), event('a'), event('b'));
  expect(requests).toEqual(['0 s: create a x2', '0 s: create b x1']);
});

test('the series of an earlier run of the agent is continued', async () => {
  answers = [status(409)];
  known = 7;
  await told(event('a'));
  await told(event('a'));
  expect(requests.map((each) => each.split(': ')[1])).toEqual(['create a x1', 'count a', 'repeat a x8', 'repeat a x9']);
});

test('an event of a policy that another agent has posted is left to that agent', async () => {
  answers = [status(409), status(409)];
  await told(ofPolicy('a'));
  await told(ofPolicy('a'));
  expect(requests).toEqual(['0 s: create a x1', '60 s: create a x1']);
  expect([outcomes, troubles]).toEqual([['known', 'known'], []]);
});

test('an event that the API server has forgotten is created again', async () => {
  await told(event('a'));
  answers = [status(404)];
  await told(event('a'));
  await told(event('a'));
  expect(requests).toEqual(['0 s: create a x1', '60 s: repeat a x2', '60 s: create a x1', '120 s: repeat a x2']);
});

test('many events are sent at once, further ones once a minute', async () => {
  await told(...Array.from({ length: 25 }, (_, at) => event(`e${at}`)));
  const at = (index: number): string | undefined => requests[index]?.split(' s:')[0];
  expect([at(0), at(19), at(20), at(24)]).toEqual(['0', '0', '60', '300']);
});

test('further events than can be remembered are dropped, and those reported first are forgotten', async () => {
  await told(event('old'));
  for (let at = 0; at < 210; at += 1) writer.add(event(`e${at}`));
  expect(writer.status().waiting).toBe(200);
  expect(outcomes.filter((outcome) => outcome === 'dropped')).toHaveLength(10);
});

test('a failed event is retried after growing waits, and reported once', async () => {
  answers = [new Error('down'), new Error('down'), status(429, 30_000)];
  await told(event('a'));
  expect(requests.map((each) => each.split(' ')[0])).toEqual(['0', '2', '6', '36']);
  expect(troubles).toEqual(['down', '429', undefined]);
  expect(outcomes).toEqual(['posted']);
});

test('an event has six attempts while the API server is away', async () => {
  answers = Array.from({ length: 6 }, () => new Error('down'));
  await told(event('a'));
  expect(requests).toHaveLength(6);
  expect(now).toBeLessThan(180_000);
  expect([outcomes, troubles]).toEqual([['dropped'], ['down']]);
  await told(event('b'));
  expect(troubles).toEqual(['down', undefined]);
});

test('a missing right is reported once, and not tried again', async () => {
  answers = ['in a', 'in b', 'in c'].map((where) => new ApiError(`403 ${where}`, 403, undefined));
  await told(event('a'), event('b'), event('c'));
  expect(requests).toHaveLength(3);
  expect([outcomes, troubles]).toEqual([['dropped', 'dropped', 'dropped'], ['403 in a']]);
});

test('stopping the writer does not wait for requests', async () => {
  answers = [new Error('down')];
  writer.add(event('a'));
  await waitFor('the first attempt', 5000, () => Promise.resolve(requests.length > 0 || undefined));
  await writer.stop();
  const sent = requests.length;
  writer.add(event('b'));
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  expect(requests).toHaveLength(sent);
});
