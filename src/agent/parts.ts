import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import type { PartFailure } from '../reconcile/parts.ts';
import { createPartsObserver, type PartNotInForce } from '../telemetry/parts-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

/** Failures in a row from which on a failure counts as lasting. */
export const LASTING_FAILURES = 5;

interface PartsSources {
  /** Families that the node has and the agent is configured to ignore. */
  readonly leftOut: readonly IpFamily[];
  /** Returns the failing parts of the packet filter. */
  readonly failing: () => readonly PartFailure[];
  readonly policy: () => NodePolicy;
  /** Returns why the bridge table is not in force; undefined if it is, or is not needed. */
  readonly bridgeRefusal: () => string | undefined;
  /** Reports whether each pod is on a bridge whose table drops what is not judged. */
  readonly areDroppedAtBridges: (podUids: readonly string[]) => boolean;
  /** Returns pods whose packets bypass the node's rules, with the reason, by UID. */
  readonly unseen: () => ReadonlyMap<string, string>;
  readonly metrics: AgentMetrics;
}

/** The parts of the agent's enforcement that are not in force. */
export interface AgentParts {
  list(): readonly PartNotInForce[];
  /** Reports whether the agent's rules of the family are in the kernel, as far as it knows. */
  isProgrammed(family: IpFamily): boolean;
  /** Takes the result of a review: undefined, or why live connections could not be read. */
  noteReview(error: string | undefined): void;
  /** Reports changes; called after each pass. @returns whether there are any */
  observe(): boolean;
  /** Returns the parts that are not in force and that the pod's policies need. */
  missedBy(pod: PodEndpoint): readonly PartNotInForce[];
}

const isOf = (ip: string, family: IpFamily): boolean => ip.includes(':') === (family === 'ipv6');

export const createAgentParts = (context: AgentContext, sources: PartsSources): AgentParts => {
  const { leftOut, failing, policy, bridgeRefusal, areDroppedAtBridges, unseen, metrics } = sources;
  const observe = createPartsObserver(metrics, context);
  let reviewFailures = 0;
  let reviewTrouble = '';
  let told = '';
  let isolated: { readonly of: NodePolicy; readonly uids: ReadonlySet<string> } | undefined;

  const isolatedPods = (): readonly PodEndpoint[] => policy().isolations.flatMap(({ pods }) => pods);

  const isIsolated = (uid: string): boolean => {
    const now = policy();
    if (isolated?.of !== now) isolated = { of: now, uids: new Set(isolatedPods().map((pod) => pod.uid)) };
    return isolated.uids.has(uid);
  };

  const ofFilter = ({ part, reason, failures, holds, isNeeded }: PartFailure): PartNotInForce => {
    const isSources = part.endsWith('sources');
    const hasNothing = holds === 'nothing of this agent';
    const isLasting = hasNothing || failures >= LASTING_FAILURES;
    if (!isNeeded)
      return { part, reason, holds: 'no pod with a policy has an address of it', isOpen: false, isLasting };
    if (isSources)
      return { part, reason, holds: 'pods may send from addresses that are not theirs', isOpen: isLasting, isLasting };
    if (!hasNothing)
      return { part, reason, holds: 'the rules that were applied last stay', isOpen: isLasting, isLasting };
    const uids = isolatedPods().flatMap(({ uid, ips }) => (ips.some((ip) => isOf(ip, part as IpFamily)) ? [uid] : []));
    const isDropped = areDroppedAtBridges(uids);
    const what = isDropped ? 'all of it is dropped at the bridges' : 'open, but for rules that were there before';
    return { part, reason, holds: what, isOpen: !isDropped, isLasting };
  };

  const list = (): readonly PartNotInForce[] => {
    const refusal = bridgeRefusal();
    const hidden = [...unseen()].filter(([uid]) => isIsolated(uid));
    return [
      ...leftOut.map(
        (part): PartNotInForce => ({
          part,
          reason: 'it is left out by --ip-families',
          holds: 'open, but for isolated pods on bridges, whose packets are dropped',
          isOpen: false,
          isLasting: true,
        }),
      ),
      ...failing().map(ofFilter),
      ...(reviewFailures > 0
        ? [
            {
              part: 'live connections' as const,
              reason: reviewTrouble,
              holds: 'what policy denies now goes on where it had begun',
              isOpen: reviewFailures >= LASTING_FAILURES,
              isLasting: reviewFailures >= LASTING_FAILURES,
            },
          ]
        : []),
      ...(refusal === undefined
        ? []
        : [
            {
              part: 'bridges' as const,
              reason: refusal,
              holds: 'packets between ports are judged by the address that they claim',
              isOpen: false,
              isLasting: true,
            },
          ]),
      // The agent cannot repair the node's network, and it is no reason to delay other pods.
      ...hidden.slice(0, 1).map(
        ([, reason]): PartNotInForce => ({
          part: 'networks',
          reason,
          holds: `no policy for ${hidden.length} of the node's pods`,
          isOpen: false,
          isLasting: true,
        }),
      ),
    ];
  };

  return {
    list,
    isProgrammed: (family) =>
      !failing().some(({ part, holds }) => part === family && holds === 'nothing of this agent'),
    noteReview(error) {
      reviewFailures = error === undefined ? 0 : reviewFailures + 1;
      reviewTrouble = error ?? '';
    },
    observe() {
      const now = list();
      observe(now);
      const text = now.map(({ part, holds, isLasting }) => `${part} ${holds} ${isLasting}`).join();
      const isNews = text !== told;
      told = text;
      return isNews;
    },
    missedBy({ uid, ips }) {
      if (!isIsolated(uid)) return [];
      return list().filter(
        ({ part, isLasting }) => isLasting && (part === 'ipv4' || part === 'ipv6') && ips.some((ip) => isOf(ip, part)),
      );
    },
  };
};
