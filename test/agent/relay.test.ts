import { expect, test } from '@jest/globals';
import { createRelay } from '../../src/agent/relay.ts';

test('a relay first passes on what came before its listener, once, and then everything at once', () => {
  const relay = createRelay<number>();
  const heard: number[] = [];
  relay.tell(1);
  relay.tell(2);
  relay.listen((news) => heard.push(news));
  expect(heard).toEqual([1, 2]);
  relay.tell(3);
  expect(heard).toEqual([1, 2, 3]);
});
