import path from 'node:path';
import { expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';

const setup = path.join(import.meta.dirname, '../../scripts/setup.sh');
const runner = createCommandRunner();

test('setup.sh runs the command with the project’s own Node and the firewall’s programs in the PATH', async () => {
  const command = 'node --version; command -v node; command -v ipset';
  const printed = await runner.run('env', ['PATH=/usr/bin:/bin', 'sh', setup, '--', 'sh', '-c', command]);
  const [version, node, ipset] = printed.split('\n');
  expect(version).toMatch(/^v24\./);
  expect(node).toMatch(/node_modules\/node\/bin\/node$/);
  expect(ipset).toMatch(/sbin\/ipset$/);
});

test('setup.sh passes on arguments unchanged, and the exit code', async () => {
  expect(await runner.run('sh', [setup, '--', 'printf', '[%s]', 'a b', '--', ''])).toBe('[a b][--][]');
  await expect(runner.run('sh', [setup, '--', 'sh', '-c', 'exit 7'])).rejects.toMatchObject({ exitCode: 7 });
});

test('setup.sh refuses an unknown step', async () => {
  await expect(runner.run('sh', [setup, 'toolz'])).rejects.toThrow('setup: error: unknown step: toolz');
});
