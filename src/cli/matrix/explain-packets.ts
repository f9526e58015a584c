import { familyOf } from '../../policy/cidr.ts';
import type { Evaluator } from '../../trace/evaluator.ts';
import { explain } from '../../trace/explain.ts';
import { UsageError } from '../verb.ts';
import type { Endpoint } from '../resolve/resolve.ts';
import { destinationsOf, sourcesOf } from '../resolve/sockets.ts';
import type { ProtocolPort } from '../resolve/target-text.ts';

/** How one packet fares, as it is printed. */
export interface Explanation {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly destination: string;
  readonly target: string;
  readonly verdict: 'allow' | 'deny';
  readonly reasons: readonly string[];
}

/**
 * Follows packets between two endpoints, one for each pair of addresses of one family.
 * @throws UsageError where the ends have no address in a common family, or the Service does not serve the port
 */
export const explainPackets = (
  evaluator: Evaluator,
  { from, to }: { readonly from: Endpoint; readonly to: Endpoint },
  target: ProtocolPort,
  nameOf: (ip: string) => string,
): readonly Explanation[] => {
  const sources = sourcesOf(from, '--from');
  const destinations = destinationsOf(to, '--to', target, nameOf);
  const { protocol } = target;
  const explanations = sources.flatMap((source) =>
    destinations
      .filter(({ ip }) => familyOf(ip) === familyOf(source.ip))
      .map((destination): Explanation => {
        const port = destination.port ?? target.port;
        const trace = evaluator.trace({ source: source.ip, destination: destination.ip, protocol, port });
        return {
          from: source.name,
          to: destination.name,
          source: source.ip,
          destination: destination.ip,
          target: `${protocol} ${port}`,
          verdict: trace.verdict,
          reasons: explain(trace),
        };
      }),
  );
  if (explanations.length === 0) {
    throw new UsageError(
      'nothing to judge: there is no address behind --to, or the two ends have no address in a common family',
    );
  }
  return explanations;
};

const nameWith = (name: string, address: string): string => (name === address ? name : `${name} (${address})`);

export const describeExplanations = (all: readonly Explanation[]): string =>
  all
    .map(({ from, to, source, destination, target, verdict, reasons }) =>
      [
        `${nameWith(from, source)} → ${nameWith(to, destination)} ${target}: ${verdict === 'allow' ? 'allowed' : 'denied'}`,
        ...reasons.map((reason) => `    ${reason}`),
      ].join('\n'),
    )
    .join('\n');
