import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readFurtherInterfaces } from '../../../src/cluster/cni/further-interfaces.ts';
import { removeFolder } from '../../support/clean-up.ts';
import { cniResultFile, cniResultText } from '../../support/cni/cni-result.ts';

let folder: string;

const note = async (uid: string, container: string, ifName: string): Promise<void> => {
  const parts = { uid, container, ifName, addresses: ['10.9.0.2/24'] };
  await writeFile(path.join(folder, cniResultFile(parts)), cniResultText(parts));
};

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-further-'));
});

afterEach(() => removeFolder(folder));

test('further interfaces are those beside eth0 and the loopback, by pod', async () => {
  await note('a', 'c1', 'eth0');
  await note('a', 'c1', 'lo');
  await note('a', 'c1', 'net2');
  await note('a', 'c1', 'net1');
  await note('b', 'c2', 'eth0');
  expect(await readFurtherInterfaces(folder)).toEqual(new Map([['a', ['net1 (pods)', 'net2 (pods)']]]));
});

test('unreadable files, and files that are no results, are skipped', async () => {
  await writeFile(path.join(folder, 'pods-c1-net1'), '{');
  await writeFile(path.join(folder, 'pods-c2-net1'), '{"kind":"other"}');
  await writeFile(path.join(folder, 'README'), 'nothing');
  await note('a', 'c3', 'net1');
  expect([...(await readFurtherInterfaces(folder)).keys()]).toEqual(['a']);
  expect(await readFurtherInterfaces(path.join(folder, 'missing'))).toEqual(new Map());
});
