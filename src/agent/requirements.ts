import type { CommandRunner } from '../kernel/command.ts';
import type { Backend } from '../kernel/iptables.ts';
import { findMissing } from '../kernel/requirements.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import type { AgentContext } from './context.ts';

/** Whether the node has what every policy needs. */
export interface Requirements {
  /** A pass failed as a whole, or the first look did: it is found out whether something is missing. */
  doubt(): void;
  /** Settles with what is missing, in one line, once something is: nothing can be enforced, and nothing will be. */
  readonly lacking: Promise<string>;
  stop(): void;
}

/** A node without policies proves nothing by itself: it is tried out so long after the start, ms. */
const PROOF_MS = 1_000;
/** Between two trials, ms. */
const PAUSE_MS = 5_000;

interface RequirementsParts {
  readonly kernel: Kernel;
  readonly runner: CommandRunner;
  readonly backend: Backend;
  /** The node is this agent's to work on. */
  readonly isOurs: () => boolean;
  /** Rules with sets are in the kernel, which took them. */
  readonly isProven: () => boolean;
}

export const createRequirements = (
  { clock, log }: AgentContext,
  { kernel, runner, backend, isOurs, isProven }: RequirementsParts,
): Requirements => {
  const found = Promise.withResolvers<string>();
  let triedAt = Number.NEGATIVE_INFINITY;
  let isTrying = false;
  let stopped = false;

  const hasStopped = (): boolean => stopped;

  const attempt = async (): Promise<void> => {
    if (isTrying || stopped || !isOurs() || clock.now() - triedAt < PAUSE_MS) return;
    isTrying = true;
    triedAt = clock.now();
    const missing = await findMissing(kernel, runner, backend);
    isTrying = false;
    // It may have been stopped meanwhile.
    if (missing.length === 0 || hasStopped() || isProven()) return;
    const names = missing.map(({ what }) => what).join(', ');
    const words = `no policy can be enforced on this node; missing: ${names}: ${missing[0]?.because ?? ''}`;
    log.error('no policy can be enforced on this node; the agent ends, and the rules in the kernel stay', {
      missing: names,
      because: missing.map(({ because }) => because),
    });
    found.resolve(words);
  };

  const cancel = clock.after(PROOF_MS, () => {
    if (!isProven()) void attempt();
  });

  return {
    doubt: () => void attempt(),
    lacking: found.promise,
    stop() {
      stopped = true;
      cancel();
    },
  };
};
