import type { NodePolicy } from '../policy/node-policy.ts';
import { type Opener, openerByPorts } from '../program/client-ports.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';

/** A TCP packet in the middle of a connection that conntrack does not know. Addresses are canonical text. */
interface Stray {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** What else is known of a stray packet. */
interface StrayFacts {
  /** The kernel's rules have refused it as a packet that opens a connection from its source. */
  readonly isRefused: boolean;
  /** Policy has cut connections that this end opened to the port of the other. */
  readonly wasCut: (opener: Opener) => boolean;
}

/** Says of connections that conntrack has forgotten whether they may go on. */
export interface StrayJudge {
  /** The end that opened the connection, where policy allows that; undefined where the connection may not go on. */
  openerOf(stray: Stray, facts: StrayFacts): Opener | undefined;
}

const TURNED: Readonly<Record<Opener, Opener>> = { source: 'destination', destination: 'source' };

/** `by rule`: a policy names it. `open`: nothing isolates these ends in this direction. */
type Verdict = 'by rule' | 'open' | 'denied';

const judge = (evaluator: Evaluator, opener: Opener, stray: Stray): Verdict => {
  const { source, sourcePort, destination, destinationPort } = stray;
  const { egress, ingress } = evaluator.trace(
    opener === 'source'
      ? { source, destination, protocol: 'TCP', port: destinationPort }
      : { source: destination, destination: source, protocol: 'TCP', port: sourcePort },
  );
  // What is exempt of policy is the node's own and crosses no hook of ours: whatever claims to be it is judged.
  if (egress.kind === 'denied' || ingress.kind === 'denied') return 'denied';
  return egress.kind === 'open' && ingress.kind === 'open' ? 'open' : 'by rule';
};

export const createStrayJudge = (policy: NodePolicy): StrayJudge => {
  const evaluator = createEvaluator(
    policy,
    policy.isolations.flatMap(({ pods }) => pods),
  );
  return {
    openerOf(stray, { isRefused, wasCut }) {
      const verdict = (opener: Opener): Verdict =>
        opener === 'source' && isRefused ? 'denied' : judge(evaluator, opener, stray);
      const ifAllowed = (opener: Opener): Opener | undefined => (verdict(opener) === 'denied' ? undefined : opener);
      // Of what was cut it is known who opened it, whatever ports it chose.
      const cut = (['source', 'destination'] as const).filter(wasCut);
      if (cut.length > 0) return cut.every((opener) => verdict(opener) !== 'denied') ? cut[0] : undefined;
      const byPorts = openerByPorts(stray);
      if (byPorts !== undefined) return ifAllowed(byPorts);
      // The lower port is more often the server's.
      const likely: Opener = stray.destinationPort <= stray.sourcePort ? 'source' : 'destination';
      const [first, second] = [verdict(likely), verdict(TURNED[likely])];
      if (first !== 'denied' && second !== 'denied') return likely;
      // It may be the other end's, which is denied: what nobody forbids is no sign that it is not.
      if (first === 'by rule') return likely;
      return second === 'by rule' ? TURNED[likely] : undefined;
    },
  };
};
