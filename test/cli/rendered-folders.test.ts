import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { renderFolders } from '../../src/cli/rendered-folders.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { runVerbs } from '../support/run-verbs.ts';

let folder = '';
const searchPath = process.env['PATH'];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-render-'));
});

afterEach(async () => {
  process.env['PATH'] = searchPath;
  await rm(folder, { recursive: true });
});

const write = async (file: string, text: string): Promise<string> => {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  return target;
};

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
`;

/** Only these programs are on the PATH, each a script. */
const withPrograms = async (programs: Readonly<Record<string, string>>): Promise<void> => {
  const bin = path.join(folder, '.bin');
  await mkdir(bin);
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(bin, name), 0o755);
  }
  process.env['PATH'] = bin;
};

const render = (...paths: readonly string[]) => renderFolders(paths, createCommandRunner());

describe('Helm charts', () => {
  beforeEach(async () => {
    await write('deploy/chart/Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
    await write('deploy/chart/values.yaml', 'replicas: 1\n');
    await write('deploy/chart/templates/policy.yaml', 'kind: {{ .Values.kind }}\nmetadata:\n  {{- include "x" . }}\n');
    await write('deploy/chart/charts/sub/Chart.yaml', 'apiVersion: v2\nname: sub\nversion: 1.0.0\n');
  });

  test('helm renders charts, also those below a folder, and their files are not read', async () => {
    await withPrograms({ helm: `[ "$1 $2" = "template chart" ] && printf '%s' '${POLICY}'` });
    const { code, out } = await runVerbs('check', path.join(folder, 'deploy'));
    expect([code, out]).toEqual([0, '1 policy checked: nothing found\n']);
  });

  test('a chart is an error if helm is not on the PATH', async () => {
    await withPrograms({});
    const { code, out } = await runVerbs('check', path.join(folder, 'deploy'));
    expect(code).toBe(1);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringContaining(
        'deploy/chart:1:1: error: a Helm chart, and helm is not on the PATH: nothing of it was read',
      ),
      '0 policies checked: 1 error',
    ]);
  });

  test('a chart that helm cannot render is an error with the last line of its output', async () => {
    await withPrograms({ helm: 'echo "Error: values do not meet the schema" >&2; exit 1' });
    const { folders } = await render(path.join(folder, 'deploy'));
    expect(folders).toMatchObject([
      { text: undefined, problem: expect.stringContaining('values do not meet the schema') },
    ]);
  });
});

describe('kustomizations', () => {
  beforeEach(async () => {
    await write('overlay/kustomization.yaml', 'resources: [policy.yaml]\n');
    await write('overlay/policy.yaml', POLICY);
  });

  test('kustomize renders a kustomization, or kubectl if kustomize is missing', async () => {
    await withPrograms({ kubectl: `[ "$1" = kustomize ] && printf '%s' '${POLICY}'` });
    const [rendered] = (await render(path.join(folder, 'overlay'))).folders;
    expect(rendered).toMatchObject({ source: `<kubectl kustomize ${folder}/overlay>`, text: POLICY });
  });

  test('without kustomize and kubectl the files of a kustomization are read as they are, with a remark', async () => {
    await withPrograms({});
    const { code, out, err } = await runVerbs('check', path.join(folder, 'overlay'));
    expect([code, out]).toEqual([0, '1 policy checked: nothing found\n']);
    expect(err).toBe(
      `note: ${folder}/overlay holds a kustomization, and neither kustomize nor kubectl is on the PATH: its files are read as they are\n`,
    );
  });
});
