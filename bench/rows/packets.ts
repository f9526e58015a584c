import type { CommandRunner } from '../../src/kernel/command.ts';
import type { Load, Prober } from '../../test/support/lab/prober.ts';
import { untilStageQuiet } from '../agent/until-quiet.ts';
import { CAST } from '../stage/cast.ts';
import type { BarePath, RecordSample } from './row.ts';

const PORT = 7001;
const FOR_MS = 3000;
const BITS_PER_BYTE = 8;

/** The packet path without an agent: with no rules, and with only what every agent needs. */
export const BARE_PATHS: readonly { readonly name: BarePath; readonly rule: readonly string[] | undefined }[] = [
  { name: 'no rules', rule: undefined },
  {
    name: 'conntrack alone',
    rule: ['-A', 'FORWARD', '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'],
  },
];

/** Returns load from the newcomer, a friend whom the policies let in. */
export const loadOf = (kind: Load['kind'], forMs: number): Load => ({
  kind,
  netns: CAST.newcomer.netns,
  from: CAST.newcomer.ip,
  toNetns: CAST.server.netns,
  to: CAST.server.ip,
  port: PORT,
  forMs,
});

const measureWindow = async (prober: Prober, node: CommandRunner, record: RecordSample): Promise<void> => {
  await untilStageQuiet();
  // A table full of former connections would cost more than the rules.
  await node.run('conntrack', ['-F']);
  const { perSecond, p50Us, p99Us } = await prober.load(loadOf('connects', FOR_MS));
  record('connections', perSecond);
  record('connect-p50', p50Us);
  record('connect-p99', p99Us);
  record('throughput', ((await prober.load(loadOf('bytes', FOR_MS))).perSecond * BITS_PER_BYTE) / 1e9);
};

/**
 * Measures new connections and bytes per second from the newcomer, a friend whom the policies let in, through the
 * node's rules.
 */
export const measurePackets = async (
  prober: Prober,
  node: CommandRunner,
  windows: number,
  record: RecordSample,
): Promise<void> => {
  for (let window = 0; window < windows; window += 1) await measureWindow(prober, node, record);
};
