import { IP_FAMILIES } from '../../model/family.ts';
import { familyOf } from '../../policy/cidr.ts';
import { describePod } from '../../trace/describe.ts';
import type { Evaluator } from '../../trace/evaluator.ts';
import { explain } from '../../trace/explain.ts';
import { UsageError } from '../verb.ts';
import type { Endpoint } from './endpoint.ts';
import type { Target } from './question.ts';

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

interface NamedAddresses {
  readonly name: string;
  readonly ips: readonly string[];
}

const addressesOf = (endpoint: Endpoint, option: string): readonly NamedAddresses[] => {
  switch (endpoint.kind) {
    case 'pods':
      return endpoint.pods.map((pod) => ({ name: describePod(pod), ips: pod.ips }));
    case 'address':
      return [{ name: endpoint.address, ips: [endpoint.address] }];
    case 'outside':
      throw new UsageError(`${option} outside: with --port name an address, for example 203.0.113.7`);
  }
};

/** Follows packets between two endpoints, one for each pair of pods and each family that both have. */
export const explainPackets = (
  evaluator: Evaluator,
  from: Endpoint,
  to: Endpoint,
  { protocol, port }: Target,
): readonly Explanation[] =>
  addressesOf(from, '--from').flatMap((sender) =>
    addressesOf(to, '--to').flatMap((receiver) =>
      IP_FAMILIES.flatMap((family): readonly Explanation[] => {
        const source = sender.ips.find((ip) => familyOf(ip) === family);
        const destination = receiver.ips.find((ip) => familyOf(ip) === family);
        if (source === undefined || destination === undefined) return [];
        const trace = evaluator.trace({ source, destination, protocol, port });
        const ends = { from: sender.name, to: receiver.name, source, destination };
        return [{ ...ends, target: `${protocol} ${port}`, verdict: trace.verdict, reasons: explain(trace) }];
      }),
    ),
  );

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
