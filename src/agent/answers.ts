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
  /** The node is this agent's to work on. */
  readonly isOurs: () => boolean;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
  /** What is in force. */
  readonly policy: () => NodePolicy;
  /** It is known what the kernel takes. */
  readonly onTried: () => void;
}

/** Answers what the rules refuse, and lets go on what conntrack has forgotten. */
export interface Answering {
  start(): void;
  /** It is known what the kernel takes: until then no rules are made. */
  hasTried(): boolean;
  /** Undefined where the kernel does not take the rules that report packets. */
  answered(family: IpFamily): Answered | undefined;
  readonly memory: CutMemory;
  stop(): void;
}

/** Until the node is this agent's, ms. */
const WAIT_MS = 50;
/** What the kernel does not take is tried so often, after this each, ms. */
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

  /** Another program may have been at work on the tables, which says nothing of what the kernel takes. */
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
    // Nearly always both take them; only where one does not it matters which.
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
