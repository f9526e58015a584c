import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runVerbs } from '../support/run-verbs.ts';

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: { podIP: 10.0.0.2 }
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-render-'));
  await writeFile(path.join(folder, 'pod.yaml'), POD);
});

afterAll(() => rm(folder, { recursive: true }));

const render = (...flags: readonly string[]) => runVerbs('render', '--node', 'n1', ...flags, '-f', folder);

test('render shows source validation after the policy table if interfaces are given', async () => {
  const { code, out } = await render('--anti-spoofing', 'veth+');
  expect(code).toBe(0);
  expect(out.match(/^\*.*$/gm)).toEqual(['*security', '*raw', '*security', '*raw']);
  expect(out).toContain('-A PORTCULLIS-SOURCES -i veth+ -m rpfilter --invert -g PORTCULLIS-SPOOFED\n');
});

test('render shows no source validation without interfaces', async () => {
  expect((await render()).out).not.toContain('*raw');
});

test('render refuses to find interfaces, since it has no pods', async () => {
  const { code, err } = await render('--anti-spoofing', 'auto');
  expect([code, err]).toEqual([2, expect.stringContaining('"auto" is not a comma-separated list of interface names')]);
});
