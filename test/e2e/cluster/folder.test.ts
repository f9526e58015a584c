import { expect, test } from '@jest/globals';
import { clusterFolder } from '../../../e2e/cluster/folder.ts';

test('all paths of a cluster are below one folder', () => {
  const folder = clusterFolder({ PORTCULLIS_CLUSTER_DIR: '/srv/two' });
  expect(Object.values(folder).every((file: string) => file === '/srv/two' || file.startsWith('/srv/two/'))).toBe(true);
});

test.each(['/', '/run', '/run/cluster', '/proc/1'])('%s is refused as the folder of a cluster', (dir) => {
  expect(() => clusterFolder({ PORTCULLIS_CLUSTER_DIR: dir })).toThrow(`PORTCULLIS_CLUSTER_DIR=${dir}`);
});
