import type { AnnouncedSandboxes } from '../cluster/cni/announced-sandboxes.ts';
import type { CniRequest } from '../cluster/cni/cni-request.ts';
import { type CniAnswer, serveCni } from './cni-server.ts';
import type { LineServer } from './line-server.ts';
import { messageOf } from '../model/message-of.ts';
import type { AgentContext } from './context.ts';
import type { Probes } from './probes.ts';

interface NewPodsParts {
  readonly announced: AnnouncedSandboxes;
  /** Reports whether this agent has the node. */
  readonly isOurs: () => boolean;
  readonly ready: Probes['ready'];
  /** Resolves once everything that was announced before is in the kernel. */
  readonly inForce: () => Promise<void>;
}

/** Answers the CNI plugin, which keeps a new pod from starting until its policies are in force. */
export interface NewPods {
  start(): void;
  status(): NewPodsStatus;
  stop(): Promise<void>;
}

export interface NewPodsStatus {
  readonly socket: string;
  readonly listening: boolean;
  /** Numbers of pods that were let start, and of refused requests, since the agent started. */
  readonly started: number;
  readonly refused: number;
}

/** Interval of checks whether this agent has the node. */
const WAIT_MS = 50;
/** Interval of attempts to make the socket. */
const RETRY_MS = 1000;

const LATE = Symbol('late');

/** Returns undefined if there is no plugin. */
export const createNewPods = (
  { config, clock, log }: AgentContext,
  { announced, isOurs, ready, inForce }: NewPodsParts,
): NewPods | undefined => {
  const { cniSocket: path } = config;
  if (path === undefined) return undefined;
  let server: LineServer | undefined;
  let opening: Promise<void> | undefined;
  let cancel = (): void => undefined;
  let stopped = false;
  let told: string | undefined;
  let started = 0;
  let refused = 0;

  /** @returns why the policies are not in force after `ms` */
  const waitFor = async (ms: number): Promise<string | undefined> => {
    const late = Promise.withResolvers<typeof LATE>();
    const timer = clock.after(ms, () => {
      late.resolve(LATE);
    });
    const outcome = await Promise.race([inForce(), late.promise]).finally(timer);
    if (outcome !== LATE) return undefined;
    const { ok, reason } = ready();
    return ok ? `a pass of the agent takes longer than ${Math.round(ms)} ms` : `the agent is not ready: ${reason}`;
  };

  const answer = async (request: CniRequest): Promise<CniAnswer> => {
    const { containerId } = request;
    if (request.kind === 'del') {
      announced.withdraw(containerId);
      return { ok: true };
    }
    const { result, deadlineMs } = request;
    // Another network of the pod, which policies do not concern.
    if (result === undefined) return { ok: true };
    announced.announce(containerId, result);
    const reason = await waitFor(deadlineMs);
    if (reason === undefined) {
      started += 1;
      return { ok: true };
    }
    refused += 1;
    log.warn('a pod is kept from starting: its policies are not in force', {
      pod: result.pod ?? result.podUid,
      reason,
    });
    return { ok: false, reason };
  };

  const open = async (): Promise<void> => {
    try {
      server = await serveCni(path, answer);
      told = undefined;
      log.info('the CNI plugin is answered', { socket: path });
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== told)
        log.error('the CNI plugin is not answered: no new pod starts on this node', { socket: path, trouble });
      told = trouble;
      if (!stopped) cancel = clock.after(RETRY_MS, start);
    }
  };

  const start = (): void => {
    if (stopped) return;
    // Until then another agent answers.
    if (!isOurs()) cancel = clock.after(WAIT_MS, start);
    else opening = open();
  };

  return {
    start,
    status: () => ({ socket: path, listening: server !== undefined, started, refused }),
    async stop() {
      stopped = true;
      cancel();
      await opening;
      await server?.close();
    },
  };
};
