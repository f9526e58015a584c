import type { CommandRunner } from '../../../src/kernel/command.ts';
import { type Daemon, logTail } from '../../../src/lab/apiserver/daemon.ts';
import type { ClusterFolder } from '../folder.ts';
import type { ClusterPlan } from '../plan.ts';
import { until } from '../until.ts';
import type { Credentials } from './credentials.ts';
import { DNS_ROLLOUT } from './dns.ts';
import { clusterObjects, listText } from './objects.ts';
import {
  apiServerCall,
  controllerManagerCall,
  etcdCall,
  kubectlArgs,
  type ProgramCall,
  schedulerCall,
} from './programs.ts';

export interface ControlPlaneSettings {
  readonly folder: ClusterFolder;
  readonly plan: ClusterPlan;
  readonly credentials: Credentials;
  /** Where a program of Kubernetes lies. */
  readonly program: (name: string) => string;
  readonly start: (name: string, file: string, args: readonly string[]) => Daemon;
  readonly runner: CommandRunner;
  readonly say: (line: string) => void;
}

const READY_MS = 120_000;

/** Rejects when a daemon ends, which none of a control plane should. */
const failsWith = async (daemon: Daemon): Promise<never> => {
  const reason = await daemon.ended;
  throw new Error(`${reason}; its last words:\n${await logTail(daemon)}`);
};

/**
 * Starts etcd, the API server, the controller manager and the scheduler, and returns when all nodes are ready and names resolve.
 *
 * @throws Error with the last words of a program that ended
 */
export const startControlPlane = async (settings: ControlPlaneSettings): Promise<void> => {
  const { folder, plan, credentials, program, start, runner, say } = settings;
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    runner.run(program('kubectl'), kubectlArgs(credentials.admin, args), {
      timeoutMs: READY_MS,
      ...(input === undefined ? {} : { input }),
    });

  const etcd = etcdCall(folder);
  const startKubernetes = ({ name, args }: ProgramCall): Daemon => start(name, program(name), args);
  const ready = async (): Promise<void> => {
    await until('the API server is ready', READY_MS, async () => (await kubectl(['get', '--raw=/readyz'])) === 'ok');
    say('the API server is ready');
  };
  const patience = `--timeout=${String(READY_MS / 1000)}s`;
  const populate = async (): Promise<void> => {
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], listText(clusterObjects(plan)));
    await kubectl(['wait', '--for=condition=Ready', 'node', '--all', patience]);
    say('all nodes are ready');
    await kubectl(['rollout', 'status', ...DNS_ROLLOUT, patience]);
    say('DNS answers');
  };

  const storage = [start(etcd.name, etcd.name, etcd.args), startKubernetes(apiServerCall(plan, credentials))];
  await Promise.race([ready(), ...storage.map(failsWith)]);
  // These end at once where the API server does not know their roles yet.
  const controllers = [controllerManagerCall(plan, credentials), schedulerCall(credentials)].map(startKubernetes);
  await Promise.race([populate(), ...[...storage, ...controllers].map(failsWith)]);
};
