import type { NodePolicy } from '../policy/node-policy.ts';
import { type Opener, openerByPorts } from '../program/client-ports.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';

/** A stray TCP packet. Addresses are canonical text. */
interface Stray {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Further facts about a stray packet. */
interface StrayFacts {
  /** Whether the kernel's rules have refused it as a packet that opens a connection from its source. */
  readonly isRefused: boolean;
  /** Reports whether policy has cut connections that this end opened to the port of the other end. */
  readonly wasCut: (opener: Opener) => boolean;
}

/** Judges whether connections that conntrack has forgotten may go on. */
export interface StrayJudge {
  /** Returns the end that opened the connection, if policy allows that; undefined if the connection may not go on. */
  openerOf(stray: Stray, facts: StrayFacts): Opener | undefined;
}

const TURNED: Readonly<Record<Opener, Opener>> = { source: 'destination', destination: 'source' };

/** `by rule`: a policy allows it explicitly. `open`: nothing isolates these ends in this direction. */
type Verdict = 'by rule' | 'open' | 'denied';

const judge = (evaluator: Evaluator, opener: Opener, stray: Stray): Verdict => {
  const { source, sourcePort, destination, destinationPort } = stray;
  const { egress, ingress } = evaluator.trace(
    opener === 'source'
      ? { source, destination, protocol: 'TCP', port: destinationPort }
      : { source: destination, destination: source, protocol: 'TCP', port: sourcePort },
  );
  // Exempt traffic is the node's own and passes no hook of ours, so a packet that claims to be exempt is judged.
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
      // For a cut connection the opener is known, whatever ports it chose.
      const cut = (['source', 'destination'] as const).filter(wasCut);
      if (cut.length > 0) return cut.every((opener) => verdict(opener) !== 'denied') ? cut[0] : undefined;
      const byPorts = openerByPorts(stray);
      if (byPorts !== undefined) return ifAllowed(byPorts);
      // The lower port is more often the server's.
      const likely: Opener = stray.destinationPort <= stray.sourcePort ? 'source' : 'destination';
      const [first, second] = [verdict(likely), verdict(TURNED[likely])];
      if (first !== 'denied' && second !== 'denied') return likely;
      // The connection may be one that the other end opened, which is denied: being open in this direction proves nothing.
      if (first === 'by rule') return likely;
      return second === 'by rule' ? TURNED[likely] : undefined;
    },
  };
};
