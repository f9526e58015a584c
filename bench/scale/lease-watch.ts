import { get } from '../../src/cluster/api/request.ts';
import type { ApiConnection } from '../../src/cluster/api/connection.ts';
import { leasesPath } from '../../src/cluster/lease/agent-lease.ts';

/** A watch of all Leases of the namespace, as each replica of the controller holds one. */
export interface LeaseWatch {
  /** Events and bytes so far. */
  events(): number;
  bytes(): number;
  stop(): void;
}

export const openLeaseWatch = async (connection: ApiConnection): Promise<LeaseWatch> => {
  const stopping = new AbortController();
  const query = { watch: 'true', timeoutSeconds: '3600' };
  const response = await get(connection, leasesPath('kube-system'), query, 'application/json', stopping.signal);
  let events = 0;
  let bytes = 0;
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) events += 1;
  });
  // It ends by its signal alone; what is missing then is seen in the counts.
  response.on('error', () => undefined);
  return {
    events: () => events,
    bytes: () => bytes,
    stop() {
      stopping.abort();
    },
  };
};
