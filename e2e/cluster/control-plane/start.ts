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
  /** Returns the path of a program, or its name if PATH finds it. */
  readonly program: (name: string) => string;
  readonly start: (name: string, file: string, args: readonly string[]) => Daemon;
  readonly runner: CommandRunner;
  readonly say: (line: string) => void;
}

/** A daemon of the control plane. */
export interface Started {
  readonly daemon: Daemon;
  readonly startAgain: () => Daemon;
}

const READY_MS = 120_000;

/** Rejects when a daemon of the control plane ends, which none should do. */
const failsWith = async ({ daemon }: Started): Promise<never> => {
  const reason = await daemon.ended;
  throw new Error(`${reason}; its last words:\n${await logTail(daemon)}`);
};

/**
 * Starts etcd, the API server, the controller manager and the scheduler, and returns when all nodes are ready and names
 * resolve.
 *
 * @throws Error with the last output of a program that ended
 */
export const startControlPlane = async (settings: ControlPlaneSettings): Promise<readonly Started[]> => {
  const { folder, plan, credentials, program, start, runner, say } = settings;
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    runner.run(program('kubectl'), kubectlArgs(credentials.admin, args), {
      timeoutMs: READY_MS,
      ...(input === undefined ? {} : { input }),
    });

  const startOnce = (call: ProgramCall): Started => {
    const startAgain = (): Daemon => start(call.name, program(call.name), call.args);
    return { daemon: startAgain(), startAgain };
  };
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

  const storage = [startOnce(etcdCall(folder)), startOnce(apiServerCall(plan, credentials))];
  await Promise.race([ready(), ...storage.map(failsWith)]);
  // These end at once if the API server does not have their roles yet.
  const controllers = [controllerManagerCall(plan, credentials), schedulerCall(credentials)].map(startOnce);
  await Promise.race([populate(), ...[...storage, ...controllers].map(failsWith)]);
  return [...storage, ...controllers];
};
