import type { LeaseHome } from '../model/lease-home.ts';
import { SETTINGS } from '../config/settings.ts';
import { type CliIo, UsageError } from './verb.ts';

/** What the manifests give the agents. */
export const DEFAULT_LEASE = 'kube-system/portcullis';
export const LEASE_VARIABLE = 'PORTCULLIS_LEASE';

/**
 * Reads where an installation's Leases are: from the command line, the environment, or as the manifests have it.
 * @throws UsageError for anything but NAMESPACE/RELEASE
 */
export const readLeaseHome = (given: string | undefined, { env }: Pick<CliIo, 'env'>): LeaseHome => {
  const text = given ?? (env[LEASE_VARIABLE] || DEFAULT_LEASE);
  const home = SETTINGS.lease.read(text);
  if (home === undefined || home === 'off') throw new UsageError(`--lease ${text}: it is ${SETTINGS.lease.accepts}`);
  return home;
};
