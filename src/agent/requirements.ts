import type { CommandRunner } from '../kernel/command.ts';
import type { Backend } from '../kernel/iptables.ts';
import { findMissing } from '../kernel/requirements.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import type { AgentContext } from './context.ts';

/** Detects whether the node lacks what every policy needs. */
export interface Requirements {
  /** Starts a check, after a pass or the first scan failed as a whole. */
  doubt(): void;
  /** Resolves with one line once something is missing: then nothing can be enforced. */
  readonly lacking: Promise<string>;
  /** Resolves when a trial under way has removed what it made. */
  stop(): Promise<void>;
}

/** A node without policies proves nothing by itself: the agent tries this time after the start. */
const PROOF_MS = 1_000;
/** Time between two trials. */
const PAUSE_MS = 5_000;

interface RequirementsParts {
  readonly kernel: Kernel;
  readonly runner: CommandRunner;
  readonly backend: Backend;
  /** Reports whether this agent has the node. */
  readonly isOurs: () => boolean;
  /** Reports whether the kernel has accepted rules with sets, and every part of them. */
  readonly isProven: () => boolean;
}

export const createRequirements = (
  { clock, log }: AgentContext,
  { kernel, runner, backend, isOurs, isProven }: RequirementsParts,
): Requirements => {
  const found = Promise.withResolvers<string>();
  let triedAt = Number.NEGATIVE_INFINITY;
  let trial: Promise<void> | undefined;
  let stopped = false;

  const hasStopped = (): boolean => stopped;

  const attempt = async (): Promise<void> => {
    const missing = await findMissing(kernel, runner, backend);
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

  const doubt = (): void => {
    if (trial !== undefined || stopped || !isOurs() || clock.now() - triedAt < PAUSE_MS) return;
    triedAt = clock.now();
    trial = attempt().finally(() => {
      trial = undefined;
    });
  };

  const cancel = clock.after(PROOF_MS, () => {
    if (!isProven()) doubt();
  });

  return {
    doubt,
    lacking: found.promise,
    async stop() {
      stopped = true;
      cancel();
      await trial;
    },
  };
};
