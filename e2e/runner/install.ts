import { createCommandRunner } from '../../src/kernel/command.ts';
import { AGENT, AGENT_NAMESPACE, MANIFEST } from '../support/agent-names.ts';
import type { Target } from '../support/target.ts';

const INSTALL_MS = 5 * 60 * 1000;

/** Applies the manifest as an operator does. @returns seconds until every node's agent had programmed its node */
export const installAgent = async ({ kubectl, kubeconfig }: Target): Promise<number> => {
  const { run } = createCommandRunner([kubectl, `--kubeconfig=${kubeconfig}`]);
  const startedAt = performance.now();
  await run('apply', ['-f', MANIFEST], { timeoutMs: INSTALL_MS });
  await run('rollout', ['status', '-n', AGENT_NAMESPACE, AGENT, '--timeout=240s'], { timeoutMs: INSTALL_MS });
  return (performance.now() - startedAt) / 1000;
};
