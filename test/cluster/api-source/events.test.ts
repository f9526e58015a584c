import { describe, expect, test } from '@jest/globals';
import { list, watch } from '../../support/apiserver/fake-api.ts';
import { api, bookmark, changes, event, pod, pods, podStatus, start, until } from './source-bench.ts';

describe('events of a watch', () => {
  test('an event changes the snapshot before it is reported; an equal object is not reported', async () => {
    api.script({
      lists: [list('1', [pod('a')])],
      watches: [
        watch(
          event('ADDED', pod('b', { resourceVersion: '2' })),
          event('MODIFIED', pod('b', { resourceVersion: '3' })),
          event('MODIFIED', pod('b', { resourceVersion: '4', labels: { app: 'x' } })),
          event('DELETED', pod('a', { resourceVersion: '5' })),
          bookmark('9'),
        ),
      ],
    });
    const seen: string[] = [];
    start({}, ({ kind, key }) => {
      if (kind === 'pods') seen.push(`${key}: ${pods().join(' ')}`);
    });
    await until('the bookmark', () => podStatus()?.resourceVersion === '9');
    expect(seen).toEqual(['uid-a: a', 'uid-b: a b', 'uid-b: a b', 'uid-a: b']);
  });

  test('an event of a finished pod removes the pod', async () => {
    api.script({
      lists: [list('1', [pod('a'), pod('done', { phase: 'Succeeded' })])],
      watches: [watch(event('MODIFIED', pod('a', { phase: 'Failed', resourceVersion: '2' })))],
    });
    start();
    await until('the pod to go', () => podStatus()?.resourceVersion === '2');
    expect(pods()).toEqual([]);
    expect(changes.filter(({ kind }) => kind === 'pods')).toHaveLength(2);
  });

  test('a late end of a pod does not remove the new pod with its name', async () => {
    api.script({
      lists: [list('1', [pod('a', { uid: 'old' })])],
      watches: [
        watch(
          event('ADDED', pod('a', { uid: 'new', resourceVersion: '2' })),
          event('DELETED', pod('a', { uid: 'old', resourceVersion: '3' })),
        ),
      ],
    });
    const { snapshot } = start();
    await until('the end', () => podStatus()?.resourceVersion === '3');
    expect([...snapshot().pods.keys()]).toEqual(['new']);
  });
});
