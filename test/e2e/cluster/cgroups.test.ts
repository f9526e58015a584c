import { expect, test } from '@jest/globals';
import { hierarchyName, parseHierarchies } from '../../../e2e/cluster/cgroups.ts';

const TEXT = `9:name=systemd:/
4:memory:/some/group
3:cpu,cpuacct:/a:b
0::/user.slice
`;

test('hierarchies of version 1 are read, and the one of version 2 is left out', () => {
  expect(parseHierarchies(TEXT)).toEqual([
    { controllers: 'name=systemd', path: '/' },
    { controllers: 'memory', path: '/some/group' },
    { controllers: 'cpu,cpuacct', path: '/a:b' },
  ]);
});

test('a hierarchy without controllers is mounted under its bare name', () => {
  expect(parseHierarchies(TEXT).map(hierarchyName)).toEqual(['systemd', 'memory', 'cpu,cpuacct']);
});
