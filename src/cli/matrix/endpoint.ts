import type { PodOrigin } from '../../cluster/manifest/assemble.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { formatAddress, parseAddress } from '../../policy/cidr.ts';
import { describePod } from '../../trace/describe.ts';
import { UsageError } from '../verb.ts';
import { OUTSIDE } from './connection.ts';

/** What `--from` or `--to` names. */
export type Endpoint =
  | { readonly kind: 'pods'; readonly pods: readonly PodEndpoint[] }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'outside' };

/**
 * Finds what was named: a pod as `namespace/name`, all pods of a workload by its name, an address, or `outside`.
 * @throws UsageError where there is no such thing.
 */
export const findEndpoint = (
  name: string,
  pods: readonly PodEndpoint[],
  origins: ReadonlyMap<string, PodOrigin>,
): Endpoint => {
  if (name === OUTSIDE) return { kind: 'outside' };
  const address = parseAddress(name);
  if (address !== undefined) return { kind: 'address', address: formatAddress(address) };
  const exact = pods.filter((pod) => describePod(pod) === name);
  const owned = pods.filter((pod) => `${pod.namespace}/${origins.get(pod.uid)?.owner?.name ?? ''}` === name);
  const found = exact.length > 0 ? exact : owned;
  if (found.length > 0) return { kind: 'pods', pods: found };
  const known = pods.slice(0, 8).map(describePod).join(', ');
  throw new UsageError(`${name} is no pod (as namespace/name), workload, address or "${OUTSIDE}"; there are: ${known}`);
};
