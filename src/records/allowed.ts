import type { Connection } from '../model/connection.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createEvaluator, type Evaluator } from '../trace/evaluator.ts';
import { explain } from '../trace/explain.ts';
import type { SideTrace, Trace } from '../trace/trace.ts';
import { nameEnd, type Names } from './name-end.ts';
import type { FlowRecord } from './record.ts';
import { asPolicySees, portNameAt, protocolName } from './packet-words.ts';

/** The policies and the rule that allow a connection. */
interface Allowing {
  readonly policies: readonly string[];
  readonly rule: string;
}

export interface AllowedOptions {
  readonly node: string;
  readonly names: Names;
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  /** ms since the epoch */
  readonly now: () => number;
}

/** Answers remembered, each of one pair of ends and a port. */
const MOST_REMEMBERED = 20_000;

const policyOf = (side: SideTrace): readonly string[] => (side.kind === 'allowed' ? [side.by.policy] : []);

const allowingIn = (trace: Trace): Allowing | undefined => {
  const { verdict, exemption, egress, ingress } = trace;
  if (verdict === 'deny') return undefined;
  const policies = exemption === undefined ? [...new Set([egress, ingress].flatMap(policyOf))] : [];
  // Of an end that nothing isolates here there is nothing to say: its own node may.
  const said = explain(trace).filter((sentence) => !sentence.startsWith('open: '));
  const isOpen = exemption === undefined && policies.length === 0;
  return {
    policies,
    rule: isOpen
      ? 'no policy of this node isolates either end'
      : said.map((sentence) => sentence.replace(/^because: /, '')).join('; '),
  };
};

/** Makes records of live connections, with the rules that allow them. Undefined for one that is denied by now. */
export const createAllowedFinder = ({ node, names, policy, now }: AllowedOptions) => {
  let evaluator: Evaluator | undefined;
  let evaluatorOf: NodePolicy | undefined;
  const known = new Map<string, Allowing | undefined>();

  const evaluatorNow = (): Evaluator => {
    const current = policy();
    if (evaluator === undefined || evaluatorOf !== current) {
      evaluator = createEvaluator(
        current,
        current.isolations.flatMap(({ pods }) => pods),
      );
      evaluatorOf = current;
      known.clear();
    }
    return evaluator;
  };

  const allowing = (source: string, destination: string, protocol: string, port: number): Allowing | undefined => {
    const found = evaluatorNow();
    const key = `${source} ${destination} ${protocol} ${port}`;
    if (known.has(key)) return known.get(key);
    const answer = allowingIn(found.trace(asPolicySees(source, destination, protocol, port)));
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(key, answer);
    return answer;
  };

  return (connection: Connection): FlowRecord | undefined => {
    const { original, reply } = connection;
    const source = original.source;
    // Who answers is the destination, whatever the client asked for.
    const destination = reply.source;
    const protocol = protocolName(connection.protocol);
    const port = original.icmp === undefined ? reply.sourcePort : 0;
    const found = allowing(source, destination, protocol, port);
    if (found === undefined) return undefined;
    const portName = portNameAt(names.podsAt(destination)[0], protocol, port);
    const host = original.destination.includes(':') ? `[${original.destination}]` : original.destination;
    return {
      at: new Date(now()).toISOString(),
      node,
      verdict: 'allowed',
      source: nameEnd(names, source),
      destination: nameEnd(names, destination),
      ...(original.destination === destination
        ? {}
        : { service: port === 0 ? original.destination : `${host}:${original.destinationPort}` }),
      protocol,
      port,
      ...(portName === undefined ? {} : { portName }),
      ...found,
    };
  };
};
