import { describe, expect, test } from '@jest/globals';
import { type Answer, list, silence, watch } from '../../support/apiserver/fake-api.ts';
import { api, pod, pods, troubles } from '../api-source/source-bench.ts';
import { gone, passUntil, start, told } from './faults-bench.ts';

describe('nonsense of an API server', () => {
  const listOf = (...items: readonly unknown[]): string =>
    JSON.stringify({ metadata: { resourceVersion: '9' }, items });
  const text =
    (body: string): Answer =>
    (response) =>
      response.end(body);

  test.each([
    ['a list without items', '{"metadata":{"resourceVersion":"9"}}', /is not a list of the Kubernetes API/],
    ['a list whose items are none', '{"metadata":{"resourceVersion":"9"},"items":"all"}', /is not a list/],
    ['a list with an item that is no object', listOf(pod('c'), 1), /the list has an item that is no object/],
    ['a list with an item without a name', listOf(pod('c'), { metadata: { uid: 'x' } }), /has no metadata\.name/],
    ['a list of something else', '{"kind":"Status","metadata":{},"status":"Success"}', /is not a list/],
    ['half a list', '{"metadata":{"resourceVersion":"9"},"items":[{"meta', /JSON/],
    ['no JSON', '<html>login</html>', /JSON/],
  ])('an answer with %s is ignored: the state stays', async (_, body, trouble) => {
    api.script({ lists: [list('7', [pod('a')]), text(body), list('9', [pod('b')])], watches: [gone, silence] });
    await start();
    await passUntil('the trouble', 10, () => troubles.length > 1);
    expect(troubles[1]).toMatch(trouble);
    expect(pods()).toEqual(['a']);
    await passUntil('the state', 100, () => pods()[0] === 'b');
    expect(told().sort()).toEqual(['uid-a', 'uid-b']);
  });

  test.each([
    ['an event of no known type', { type: 'RENAMED', object: pod('x') }],
    ['an event without a type', pod('x')],
    ['an event whose object has no name', { type: 'MODIFIED', object: { metadata: { uid: 'uid-a' } } }],
    ['an event without an object', { type: 'DELETED' }],
  ])('a watch with %s is followed by a new list', async (_, event) => {
    api.script({ lists: [list('7', [pod('a')]), list('9', [pod('a'), pod('b')])], watches: [watch(event), silence] });
    await start();
    await passUntil('the second list', 100, () => pods().length === 2);
    expect(told()).toEqual(['uid-b']);
  });
});
