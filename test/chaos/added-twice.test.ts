import { expect, test } from '@jest/globals';
import { repeatedRules } from '../../chaos/run/added-twice.ts';

const TABLE = `*security
-A FORWARD -j PORTCULLIS-FORWARD
-A FORWARD -s 192.0.2.1/32 -j ACCEPT
-A FORWARD -s 192.0.2.1/32 -j ACCEPT
-A PORTCULLIS-FORWARD -m conntrack --ctstate ESTABLISHED -j RETURN
COMMIT
`;

test('rules of ours that are there once are none that were added twice, whatever others repeat', () => {
  expect(repeatedRules(TABLE)).toEqual([]);
});

test('a jump or a rule of ours that is there again was added twice', () => {
  const jump = '-A FORWARD -j PORTCULLIS-FORWARD';
  expect(repeatedRules(TABLE.replace('COMMIT', `${jump}\nCOMMIT`))).toEqual([jump]);
  const rule = '-A PORTCULLIS-FORWARD -m conntrack --ctstate ESTABLISHED -j RETURN';
  expect(repeatedRules(TABLE.replace('COMMIT', `${rule}\nCOMMIT`))).toEqual([rule]);
});
