import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PATHS } from '../../../scripts/manifests/paths.ts';
import type { CommandRunner } from '../../../src/kernel/command.ts';
import { kubeconfigText } from '../../../src/lab/apiserver/kubeconfig.ts';
import type { ApiServer } from '../../../src/lab/apiserver/start.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import { kubectlPath, kustomized } from '../../manifests/objects.ts';
import { cleanUp, removeFolder } from '../clean-up.ts';
import { waitFor } from '../wait-for.ts';
import { startTestApiServer } from './start-api-server.ts';

/** A real API server with the base manifests, where the built agent runs on node n1 with the rights of its account. */
export interface Installation {
  readonly server: ApiServer;
  /** Runs kubectl as an administrator. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Starts the agent with these flags besides those that every test needs. */
  startAgent(flags: readonly string[], onLine: (line: string) => void): Promise<RunningProcess>;
  /** Removes the agent's rules, and stops the server. Stop the agent first. */
  close(): Promise<void>;
}

const TOKEN = 'token-of-the-agent';
const USER = 'system:serviceaccount:kube-system:portcullis';
const DEADLINE_MS = 90_000;

const PORTCULLIS = path.join(import.meta.dirname, '../../../bin/portcullis');

/** Starts the server in the sandbox, applies manifests/base, and creates the namespace shop. */
export const openInstallation = async (runner: CommandRunner): Promise<Installation> => {
  await prepareSandbox(runner);
  const server = await startTestApiServer({
    tokens: [{ token: TOKEN, user: USER, groups: ['system:serviceaccounts'] }],
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-installation-'));
  const program = await kubectlPath();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  const kubectl: Installation['kubectl'] = (args, input) =>
    runner.run(program, [...common, ...args], input === undefined ? {} : { input });
  await waitFor('kube-system', DEADLINE_MS, () =>
    server.admin.get('/api/v1/namespaces/kube-system').catch(() => undefined),
  );
  await kubectl(['apply', '-f', '-'], await kustomized(PATHS.base));
  await kubectl(['create', 'namespace', 'shop']);
  return {
    server,
    kubectl,
    async startAgent(flags, onLine) {
      const kubeconfig = path.join(folder, 'kubeconfig');
      await writeFile(kubeconfig, kubeconfigText({ url: server.url, ca: server.ca, token: TOKEN }));
      const fixed = [
        `--kubeconfig=${kubeconfig}`,
        '--node-name=n1',
        '--listen=0',
        '--iptables-backend=nft',
        '--log-format=text',
      ];
      return startProcess(PORTCULLIS, ['agent', ...fixed, ...flags], { output: onLine });
    },
    close: () =>
      cleanUp(
        () => runner.run(PORTCULLIS, ['cleanup']),
        () => server.stop(),
        () => removeFolder(folder),
      ),
  };
};
