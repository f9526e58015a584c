import type { ClusterSource } from '../cluster/source.ts';
import { describeFailure } from '../cluster/api/failure.ts';
import { findOtherPolicies } from '../cluster/other-policies-served.ts';
import { policyKey } from '../model/policy-object.ts';
import type { OtherPolicies } from '../model/other-policies.ts';
import { findTellers } from '../telemetry/events/tellers.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { createOtherPoliciesObserver } from '../telemetry/other-policies-observer.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';

/** People install kinds, so checks are rare; each one takes a few small requests. */
const EVERY_MS = 1_800_000;
/** The kinds in a folder are known already. */
const FOLDER_EVERY_MS = 2_000;
/** Spreads the requests of the cluster's agents. */
const SPREAD_MS = 20_000;
const FIRST_MS = 2_000;
const ANSWER_MS = 10_000;

/** Kinds of policies that other programs may enforce and this agent does not. */
export interface OtherPolicyKinds {
  status(): readonly OtherPolicies[] | undefined;
  stop(): void;
}

export const watchOtherPolicies = (
  context: AgentContext,
  { source, metrics }: { readonly source: ClusterSource; readonly metrics: AgentMetrics },
): OtherPolicyKinds => {
  const { clock, config, log } = context;
  const connect = findApiServer(context);
  const observe = createOtherPoliciesObserver(metrics, context);
  const stopping = new AbortController();
  let seen: readonly OtherPolicies[] | undefined;
  let trouble: string | undefined;

  const find = async (): Promise<readonly OtherPolicies[]> => {
    if (connect === undefined) return source.otherPolicies?.() ?? [];
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_MS)]);
    return findOtherPolicies(await connect(), signal);
  };

  /** Reports whether this agent speaks for the cluster: all agents find the same, and a few report it. */
  const speaks = (): boolean =>
    findTellers(source.snapshot().pods.values())(config.nodeName, policyKey('', 'other-kinds'));

  const look = async (): Promise<void> => {
    try {
      const now = await find();
      if (JSON.stringify(now) !== JSON.stringify(seen ?? [])) observe(now, speaks());
      seen = now;
      trouble = undefined;
    } catch (error) {
      const words = describeFailure(error);
      if (words !== trouble && !stopping.signal.aborted)
        log.info('cannot check for other kinds of policy', { trouble: words });
      trouble = words;
    }
  };

  const next = (ms: number): (() => void) =>
    clock.after(ms, () => {
      void look().then(() => {
        if (!stopping.signal.aborted) cancel = next(connect === undefined ? FOLDER_EVERY_MS : EVERY_MS);
      });
    });
  let cancel = next(connect === undefined ? FIRST_MS : FIRST_MS + Math.random() * SPREAD_MS);

  return {
    status: () => seen,
    stop() {
      stopping.abort();
      cancel();
    },
  };
};
