import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { CommandRunner } from '../../src/kernel/command.ts';

/** Cost of the agents to the API server since it started. Nothing else lists or watches while they are at rest. */
export interface ApiLoad {
  readonly lists: number;
  /** Number of open watches. */
  readonly watches: number;
  /** Bytes received by the node. */
  readonly receivedBytes: number;
}

/** Sums the samples of a metric in Prometheus' text format whose labels match. */
const sumOf = (text: string, metric: string, verb: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && line.includes(`verb="${verb}"`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

export const apiLoad = async (admin: AdminClient, node: CommandRunner): Promise<ApiLoad> => {
  const text = String(await admin.get('/metrics'));
  const [link] = JSON.parse(await node.run('ip', ['-json', '-stats', 'link', 'show', 'eth0'])) as readonly {
    readonly stats64: { readonly rx: { readonly bytes: number } };
  }[];
  return {
    lists: sumOf(text, 'apiserver_request_total', 'LIST'),
    watches: sumOf(text, 'apiserver_longrunning_requests', 'WATCH'),
    receivedBytes: link?.stats64.rx.bytes ?? 0,
  };
};
