import type { Protocol } from '../model/protocol.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { describePod } from '../trace/describe.ts';
import type { Trace } from '../trace/trace.ts';
import { explainSide, type SideExplanation } from './explain-side.ts';
import { createReading, type WorkloadOf } from './reading.ts';
import { type Suggestion, suggestChanges } from './suggest.ts';
import { createWhatIf } from './what-if.ts';

/** The packet in question, after a Service has chosen a pod. Addresses in any spelling. */
export interface Question {
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One end of a packet. */
export interface ExplainedEnd {
  /** `namespace/name` of the pod, or the address. */
  readonly name: string;
  readonly address: string;
}

/** Whether a connection may be opened, and why. Plain data, as it is printed. */
export interface Explanation {
  readonly from: ExplainedEnd;
  readonly to: ExplainedEnd;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: 'allowed' | 'denied';
  /** Why no policy applies; undefined if policies decide. */
  readonly exemption?: string;
  readonly egress: SideExplanation;
  readonly ingress: SideExplanation;
}

/** Explains connections of one cluster. */
export interface Explainer {
  /** @throws TypeError where an address is none, or the two are of different families */
  explain(question: Question): Explanation;
  /** The verdict alone. @throws TypeError as explain does */
  verdict(question: Question): Explanation['verdict'];
  /** Returns the isolations of the source for egress and of the destination for ingress. @throws TypeError as explain does */
  isolations(question: Question): readonly Isolation[];
  /** Changes that open a refused connection, the smallest first; none where it is allowed. @throws TypeError as explain does */
  suggest(question: Question): readonly Suggestion[];
}

const exemptionText = ({ exemption }: Trace): string | undefined => {
  if (exemption === undefined) return undefined;
  const pod = describePod(exemption.pod);
  return exemption.kind === 'same-pod' ? `${pod} may always reach itself` : `${exemption.node} is the node of ${pod}`;
};

/**
 * @param snapshot a cluster whose pods have addresses
 * @param workloadOf names workloads, in which the size of changes is counted; each pod is one if absent
 */
export const createExplainer = (snapshot: ClusterSnapshot, workloadOf: WorkloadOf = describePod): Explainer => {
  const reading = createReading(snapshot);
  const whatIf = createWhatIf(snapshot);
  const { index, evaluator } = whatIf;
  const endOf = (address: string): ExplainedEnd => {
    const pod = index.podAt(address);
    return { name: pod === undefined ? address : describePod(pod), address };
  };
  const judge = (question: Question): Trace => {
    const addresses = [question.source, question.destination].map(index.canonical);
    whatIf.load(addresses.flatMap((address) => index.podAt(address)?.namespace ?? []));
    return evaluator.trace(question);
  };
  const facts = { index, reading, workloadOf, whatIf };
  const verdictOf = ({ verdict }: Trace): Explanation['verdict'] => (verdict === 'allow' ? 'allowed' : 'denied');
  return {
    verdict: (question) => verdictOf(judge(question)),
    explain(question) {
      const trace = judge(question);
      const { packet } = trace;
      const exemption = exemptionText(trace);
      return {
        from: endOf(packet.source),
        to: endOf(packet.destination),
        protocol: question.protocol,
        port: question.port,
        verdict: verdictOf(trace),
        ...(exemption === undefined ? {} : { exemption }),
        egress: explainSide(facts, 'egress', packet),
        ingress: explainSide(facts, 'ingress', packet),
      };
    },
    isolations(question) {
      const { packet } = judge(question);
      return [...index.isolationsAt('egress', packet.source), ...index.isolationsAt('ingress', packet.destination)].map(
        ({ isolation }) => isolation,
      );
    },
    suggest: (question) => suggestChanges(judge(question), facts),
  };
};
