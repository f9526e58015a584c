import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { type CommandError, createCommandRunner } from '../../src/kernel/command.ts';

const root = path.join(import.meta.dirname, '../..');
const runner = createCommandRunner();

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-launcher-'));
  await runner.run('sh', [path.join(root, 'scripts/setup.sh'), 'build']);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('bin/portcullis starts the built program through links and from any folder', async () => {
  await symlink(path.join(root, 'bin/portcullis'), path.join(folder, 'first'));
  await symlink('first', path.join(folder, 'second'));
  expect(await runner.run('sh', ['-c', 'cd / && exec "$0" --version', path.join(folder, 'second')])).toBe(
    `${packageJson.version}\n`,
  );
});

describe('standard input', () => {
  const check = (input: string): Promise<string> =>
    runner.run(path.join(root, 'bin/portcullis'), ['check', '-f', '-'], { input });

  test('portcullis reads manifests from standard input as kubectl does', async () => {
    const policy = (name: string): string =>
      JSON.stringify({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace: 'shop' },
        spec: { podSelector: { matchLabels: { name } }, policyTypes: ['Ingress'] },
      });
    expect(await check(`${policy('a')}\n${policy('b')}\n`)).toBe('2 policies checked: nothing found\n');
  });

  test('portcullis fails if standard input is empty', async () => {
    await expect(check(' \n')).rejects.toMatchObject({
      exitCode: 1,
      stderr: 'portcullis check: standard input is empty: the command before the pipe printed nothing\n',
    });
  });
});

describe('an agent', () => {
  const failureOf = (...args: readonly string[]): Promise<CommandError> =>
    runner.run(path.join(root, 'bin/portcullis'), ['agent', ...args]).then(
      () => Promise.reject(new Error('it did not fail')),
      (error: unknown) => error as CommandError,
    );

  test('the agent starts from a snapshot of its loaded modules', async () => {
    const traced = path.join(folder, 'traced');
    const launcher = await readFile(path.join(root, 'bin/portcullis'), 'utf8');
    await mkdir(path.join(traced, 'bin'), { recursive: true });
    await Promise.all(['dist', 'node_modules'].map((each) => symlink(path.join(root, each), path.join(traced, each))));
    // It prints what it would start.
    await writeFile(path.join(traced, 'bin/portcullis'), launcher.replace('exec "$node"', 'printf "%s\\n" "$node"'));
    const started = async (...args: readonly string[]): Promise<readonly string[]> =>
      (await runner.run('sh', [path.join(traced, 'bin/portcullis'), ...args])).split('\n');
    expect(await started('agent', '--help')).toContain(`--snapshot-blob=${traced}/dist/agent.blob`);
    expect((await started('render', '--help')).join()).not.toContain('snapshot');
  });

  test('the agent prints usage and errors like every verb', async () => {
    expect(await runner.run(path.join(root, 'bin/portcullis'), ['agent', '--help'])).toContain('portcullis agent');
    expect(await failureOf()).toMatchObject({ exitCode: 2, message: expect.stringContaining('PORTCULLIS_NODE_NAME') });
    expect(await failureOf('--nonsense')).toMatchObject({ exitCode: 2 });
  });

  test('the agent runs on a processor with fewer features than the build machine’s', async () => {
    const node = path.join(root, 'node_modules/node/bin/node');
    const files = ['agent.blob', 'portcullis.js'].map((file) => path.join(root, 'dist', file)) as [string, string];
    const help = await runner.run(node, [
      '--no-enable-avx',
      `--snapshot-blob=${files[0]}`,
      files[1],
      'agent',
      '--help',
    ]);
    expect(help).toContain('portcullis agent');
  });
});

test('bin/portcullis says what to do if nothing was built', async () => {
  await mkdir(path.join(folder, 'bin'));
  await copyFile(path.join(root, 'bin/portcullis'), path.join(folder, 'bin/portcullis'));
  await expect(runner.run(path.join(folder, 'bin/portcullis'), [])).rejects.toThrow(
    `portcullis: not built yet: run 'npm run build' in ${folder}`,
  );
});
