import { createAnswerPort, hearLoggedPackets } from '../kernel/answer-port.ts';
import type { Netlink } from '../kernel/netlink/netlink.ts';
import { tryAnswers } from '../kernel/try-answers.ts';
import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { ANSWERED_GROUP, type Answered } from '../program/answers.ts';
import { type Answers, createAnswers } from '../reconcile/answers.ts';
import { createCutMemory, type CutMemory } from '../reconcile/cut-memory.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

interface AnsweringParts {
  readonly kernel: Kernel;
  readonly netlink: Netlink;
  /** Reports whether this agent has the node. */
  readonly isOurs: () => boolean;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  /** Called once it is known which rules the kernel accepts. */
  readonly onTried: () => void;
}

/** Answers packets that the rules refuse, and restores connections that conntrack has forgotten. */
export interface Answering {
  start(): void;
  /** Reports whether it is known which rules the kernel accepts; until then no such rules are made. */
  hasTried(): boolean;
  /** Returns undefined if the kernel rejects rules that report packets. */
  answered(family: IpFamily): Answered | undefined;
  readonly memory: CutMemory;
  stop(): void;
}

/** Interval of checks whether this agent has the node. */
const WAIT_MS = 50;
/** Number of attempts with rules that the kernel rejects; the waits are below. */
const ATTEMPTS = 3;
const AGAIN_MS = 300;

export const createAnswering = (
  { config, clock, log }: AgentContext,
  { kernel, netlink, isOurs, families, metrics, policy, onTried }: AnsweringParts,
): Answering => {
  const memory = createCutMemory(clock);
  const taken = new Set<IpFamily>();
  let hasTried = false;
  let stopped = false;
  let cancel = (): void => undefined;
  let trouble: string | undefined;
  const answers: Answers = createAnswers({
    clock,
    onDeny: config.onDeny,
    policy,
    memory,
    port: createAnswerPort(netlink),
    report: metrics.recordAnswer,
  });

  /** A failure may be caused by another program that works on the tables, so it is tried several times. */
  const attempt = async (which: readonly IpFamily[], attempts = ATTEMPTS): Promise<void> => {
    try {
      await tryAnswers(kernel, which);
    } catch (error) {
      if (attempts === 1 || stopped) throw error;
      await new Promise<void>((resolve) => {
        clock.after(AGAIN_MS, resolve);
      });
      await attempt(which, attempts - 1);
    }
  };

  const tryAll = async (): Promise<void> => {
    // Nearly always both families accept them; only if one does not, they are tried one by one.
    const isAll = await attempt(families, 1).then(
      () => true,
      () => false,
    );
    for (const family of families) {
      try {
        if (!isAll) await attempt([family]);
        taken.add(family);
      } catch (error) {
        log.warn('refused packets are not answered, and connections that conntrack forgot may stop', {
          family,
          reason: `the kernel does not take the rules: ${messageOf(error)}`,
        });
      }
    }
    hasTried = true;
    if (stopped) return;
    if (taken.size > 0) {
      hearLoggedPackets(netlink, ANSWERED_GROUP, answers.hear, ({ message }) => {
        if (message !== trouble) log.warn('refused packets cannot be answered; trying again', { error: message });
        trouble = message;
      });
    }
    onTried();
  };

  const work = (): void => {
    if (stopped) return;
    if (isOurs()) void tryAll();
    else cancel = clock.after(WAIT_MS, work);
  };

  return {
    start: work,
    hasTried: () => hasTried,
    answered: (family) =>
      taken.has(family) ? { group: ANSWERED_GROUP, rejects: config.onDeny === 'reject' } : undefined,
    memory,
    stop() {
      stopped = true;
      cancel();
      answers.stop();
    },
  };
};
