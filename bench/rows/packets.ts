import type { CommandRunner } from '../../src/kernel/command.ts';
import type { Load, Prober } from '../../test/support/lab/prober.ts';
import { CAST } from '../stage/cast.ts';
import type { RowId } from './row.ts';

const PORT = 7001;
const FOR_MS = 3000;
const BITS_PER_BYTE = 8;

/** What the path of packets costs without any agent: nothing in it, and only what every agent needs. */
export const BARE_PATHS: readonly { readonly name: string; readonly rule: readonly string[] | undefined }[] = [
  { name: 'no rules', rule: undefined },
  {
    name: 'conntrack alone',
    rule: ['-A', 'FORWARD', '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
  },
];

/** New connections and bytes a second from the newcomer, a friend whom the policies let in, through the node's rules. */
export const measurePackets = async (
  prober: Prober,
  node: CommandRunner,
  record: (row: RowId, value: number) => void,
): Promise<void> => {
  const { newcomer, server } = CAST;
  const load = (kind: Load['kind']): Load => ({
    kind,
    netns: newcomer.netns,
    from: newcomer.ip,
    toNetns: server.netns,
    to: server.ip,
    port: PORT,
    forMs: FOR_MS,
  });
  // A table full of what was before would cost more than the rules.
  await node.run('conntrack', ['-F']);
  const { perSecond, p50Us, p99Us } = await prober.load(load('connects'));
  record('connections', perSecond);
  record('connect-p50', p50Us);
  record('connect-p99', p99Us);
  record('throughput', ((await prober.load(load('bytes'))).perSecond * BITS_PER_BYTE) / 1e9);
};
