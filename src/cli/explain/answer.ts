import type { Explainer, Explanation } from '../../explain/explainer.ts';
import type { Suggestion } from '../../explain/suggest.ts';
import type { WorkloadOf } from '../../explain/reading.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { familyOf } from '../../policy/cidr.ts';
import type { SideCounters } from './counters.ts';
import type { Socket } from '../resolve/sockets.ts';
import type { ProtocolPort } from '../resolve/target-text.ts';

/** How connections between two ends fare, one explanation for those that fare alike. */
export interface Answer extends Explanation {
  /** Of a refusal, the smallest change first; empty where none is known. */
  readonly suggestions: readonly Suggestion[];
  /** The counters of this node's kernel, on request. */
  readonly counters?: readonly SideCounters[];
  /** Pairs of addresses that the explanation stands for. */
  readonly alike: number;
}

interface AskedPair {
  readonly source: Socket;
  readonly destination: Socket;
}

/** The facts about pods that tell which fare alike. */
export interface Alikeness {
  readonly podAt: (ip: string) => PodEndpoint | undefined;
  readonly workloadOf: WorkloadOf;
}

/**
 * Explains every pair of addresses of one family; pods of one workload with the same labels and the same verdict appear
 * once.
 */
export const answer = (
  explainer: Explainer,
  { sources, destinations }: { readonly sources: readonly Socket[]; readonly destinations: readonly Socket[] },
  target: ProtocolPort,
  { podAt, workloadOf }: Alikeness,
): readonly Answer[] => {
  const questionOf = ({ source, destination }: AskedPair) => ({
    source: source.ip,
    destination: destination.ip,
    protocol: target.protocol,
    port: destination.port ?? target.port,
  });
  const kindOf = (ip: string): string => {
    const pod = podAt(ip);
    return pod === undefined ? ip : JSON.stringify([workloadOf(pod), [...pod.labels].sort(), pod.ports]);
  };
  const pairs = sources.flatMap((source) =>
    destinations
      .filter(({ ip }) => familyOf(ip) === familyOf(source.ip))
      .map((destination): AskedPair => ({ source, destination })),
  );
  const groups = Map.groupBy(pairs, (pair) => {
    const question = questionOf(pair);
    const isSelf = question.source === question.destination;
    const kinds = [kindOf(question.source), kindOf(question.destination)];
    return JSON.stringify([...kinds, isSelf, question.port, familyOf(question.source), explainer.verdict(question)]);
  });
  return [...groups.values()].flatMap((alike) =>
    alike.slice(0, 1).map((pair) => {
      const question = questionOf(pair);
      return { ...explainer.explain(question), suggestions: explainer.suggest(question), alike: alike.length };
    }),
  );
};
