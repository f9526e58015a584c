import { afterAll, expect, test } from '@jest/globals';
import { CLEANUP_MANIFEST, MANIFEST } from '../support/agent-names.ts';
import { installAgent } from '../support/agent.ts';
import { expectAnswer, expectDenied, url } from '../support/curl.ts';
import { kubectl } from '../support/kubectl.ts';
import { canEnterNodes, onNode } from '../support/node-access.ts';
import { DEFAULT_PORT } from '../support/objects.ts';
import { closeNamespaces, podIps } from '../support/stage.ts';
import { openTrio } from '../support/trio.ts';

const NAMESPACE = 'e2e-removal';

afterAll(async () => {
  await kubectl(['delete', '--ignore-not-found', '-f', CLEANUP_MANIFEST]);
  await installAgent();
  await closeNamespaces(NAMESPACE);
});

test('policies stay in force without agents until the nodes are cleaned, and then nothing of ours remains', async () => {
  const { server, friend, stranger, near, far } = await openTrio(NAMESPACE);
  const address = url((await podIps(server))[0] ?? '', DEFAULT_PORT);
  await expectDenied(stranger, address);

  await kubectl(['delete', '-f', MANIFEST, '--timeout=120s']);
  await expectDenied(stranger, address);
  await expectAnswer(friend, address);

  await kubectl(['apply', '-f', CLEANUP_MANIFEST]);
  await kubectl(['-n', 'kube-system', 'rollout', 'status', 'daemonset/portcullis-cleanup', '--timeout=120s']);
  await expectAnswer(stranger, address);
  for (const { name } of canEnterNodes ? [near, far] : []) {
    const node = await onNode(name);
    for (const save of ['iptables-save', 'ip6tables-save']) expect(await node.run(save, [])).not.toMatch(/portcullis/i);
    expect(await node.run('ipset', ['list', '-name'])).toBe('');
  }
});
