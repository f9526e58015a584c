import path from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createCommandRunner } from '../../../../src/kernel/command.ts';
import { findBinaries } from '../../../../src/lab/apiserver/binaries.ts';
import { DEADLINE_MS, type Play, startPlay } from './run-play.ts';

jest.setTimeout(6 * DEADLINE_MS);

const SHOP = path.join(import.meta.dirname, 'shop');

let play: Play;

beforeEach(async () => {
  play = await startPlay(SHOP, '--api-server');
});

afterEach(async () => {
  await play.process.stop();
});

test('kubectl reaches play --api-server from outside, and play follows its changes', async () => {
  const [, kubeconfig = ''] = /export KUBECONFIG=(\S+)/.exec(await play.until(/– itself/)) ?? [];
  const { kubectl } = await findBinaries({ env: process.env, goModule: '', say: () => undefined });
  const runner = createCommandRunner([kubectl, `--kubeconfig=${kubeconfig}`]);
  const run = async (command: string, expected: RegExp): Promise<string> => {
    const since = play.text().length;
    const [verb = '', ...args] = command.split(' ');
    const answer = await runner.run(verb, args);
    await play.until(expected, since);
    return answer;
  };

  await run('delete networkpolicy --namespace=shop db', /^shop\/web +· +✓ +✓/m);
  expect(play.text()).toMatch(/networkpolicy shop\/db deleted$/m);

  await run('run extra --namespace=shop --image=nginx --port=8080', /^shop\/extra +· +✓ +✓ +– +✓/m);
  expect(await runner.run('get', ['pod', '--namespace=shop', 'extra', '--no-headers'])).toMatch(/extra +1\/1 +Running/);

  await run('delete namespace shop', /^\S+ 0 pods on 0 nodes, 1 machine outside/m);
});
