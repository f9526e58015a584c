import { expect, test } from '@jest/globals';
import { plain } from '../../../../src/cli/play/paint.ts';
import { type CurlResult, resultLines } from '../../../../src/cli/play/story/result-lines.ts';

const result = (from: string, attempt: string, kind: 'answers' | 'times out', text: string): CurlResult =>
  ({
    curl: { from, expect: kind },
    attempt,
    ending: { kind, text },
    judgement: { expected: kind === 'answers' ? 'allow' : 'deny', reasons: ['because: a policy says so'] },
  }) as unknown as CurlResult;

const RESULTS = [
  result('shop/web', 'curl http://api.shop', 'answers', 'HTTP 200 from shop/api'),
  result('elsewhere/probe', 'curl http://10.0.0.7:80 (shop/db)', 'times out', 'curl: (28) timed out'),
];

test('connections of a story are aligned on a line each where that fits', () => {
  expect(resultLines(RESULTS, 120, plain)).toEqual([
    'shop/web        $ curl http://api.shop               HTTP 200 from shop/api  ✓ as told',
    '  - because: a policy says so',
    'elsewhere/probe $ curl http://10.0.0.7:80 (shop/db)  curl: (28) timed out    ✓ as told',
    '  - because: a policy says so',
  ]);
});

test('results of a story are below the commands in a window that is too narrow for one line', () => {
  const lines = resultLines(RESULTS, 77, plain);
  expect(lines).toEqual([
    'shop/web $ curl http://api.shop',
    '  HTTP 200 from shop/api  ✓ as told',
    '  - because: a policy says so',
    'elsewhere/probe $ curl http://10.0.0.7:80 (shop/db)',
    '  curl: (28) timed out  ✓ as told',
    '  - because: a policy says so',
  ]);
});
