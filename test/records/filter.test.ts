import { expect, test } from '@jest/globals';
import { type FlowFilter, isWanted } from '../../src/records/filter.ts';
import { flowRecord } from './flow-record.ts';

const RECORD = flowRecord(1000);

test.each<readonly [FlowFilter, boolean]>([
  [{}, true],
  [{ namespace: 'shop' }, true],
  [{ namespace: 'store' }, false],
  [{ verdict: 'denied' }, true],
  [{ verdict: 'allowed' }, false],
  [{ pod: 'web-1' }, true],
  [{ pod: 'shop/web-1' }, true],
  [{ pod: 'client' }, true],
  [{ pod: 'shop/client' }, true],
  [{ pod: 'store/client' }, false],
  [{ policy: 'web' }, true],
  [{ policy: 'shop/web' }, true],
  [{ policy: 'we' }, false],
  [{ since: 1000 }, true],
  [{ since: 1001 }, false],
])('the filter %j includes the record: %j', (filter, expected) => {
  expect(isWanted(RECORD, filter)).toBe(expected);
});
