import type { Machine } from '../report/machine.ts';
import { ROUND_SECONDS, type ScaleRow } from './measure.ts';

export interface ScaleResults {
  readonly machine: Machine;
  readonly date: string;
  readonly load: readonly [least: number, most: number];
  readonly rounds: number;
  readonly rows: readonly ScaleRow[];
}

/** Figures that must not grow faster than the nodes do. */
const LINEAR = ['writes', 'events', 'eventBytes', 'writeBytes', 'serverCpu', 'etcdCpu', 'controllerCpu'] as const;
/** The most that a node may cost more among many than among few. */
const MOST = 1.3;

/** Less of a processor than this, in seconds, says nothing: the kernel counts in hundredths. */
const MEASURABLE = 0.1;

/**
 * Returns for each figure what a node costs at most among many, as a multiple of what it costs among the fewest with whom it can be
 * measured.
 */
export const growthOf = (rows: readonly ScaleRow[]): Readonly<Record<(typeof LINEAR)[number], number>> =>
  Object.fromEntries(
    LINEAR.map((what) => {
      const [first, ...others] = rows.filter((row) => row[what] >= MEASURABLE).map((row) => row[what] / row.nodes);
      return [what, Math.max(1, ...others.map((each) => each / (first ?? each)))];
    }),
  ) as Record<(typeof LINEAR)[number], number>;

/** Returns the figures that grow faster than the nodes. */
export const notLinear = (rows: readonly ScaleRow[]): readonly string[] =>
  Object.entries(growthOf(rows)).flatMap(([what, times]) =>
    times > MOST ? [`${what} of a node: ${times.toFixed(2)} times as much among many nodes`] : [],
  );

const perSecond = (value: number): number => value / ROUND_SECONDS;
const kilobytes = (bytes: number): string => (perSecond(bytes) / 1000).toFixed(0);

export const scaleMarkdown = ({ machine, date, load, rounds, rows }: ScaleResults): string => {
  const row = (title: string, text: (row: ScaleRow) => string): string =>
    `| ${title} | ${rows.map(text).join(' | ')} |`;
  const growth = Object.entries(growthOf(rows)).map(([what, times]) => `${what} ${times.toFixed(2)}`);
  return [
    '# Leases of many nodes',
    '',
    `Median of ${rounds} rounds, in each of which every simulated node renewed its Lease once, as a cluster does in ${ROUND_SECONDS} s. Beyond what the idle programs use.`,
    '',
    `| | ${rows.map(({ nodes }) => `${nodes.toLocaleString('en')} nodes`).join(' | ')} |`,
    `|---|${rows.map(() => '---|').join('')}`,
    row('Lease writes a second', ({ writes }) => perSecond(writes).toFixed(0)),
    row('watch events a second, of one watcher', ({ events }) => perSecond(events).toFixed(0)),
    row('their bytes, kB/s', ({ eventBytes }) => kilobytes(eventBytes)),
    row('bytes of the writes and their answers, kB/s', ({ writeBytes }) => kilobytes(writeBytes)),
    row('processors of kube-apiserver', ({ serverCpu }) => perSecond(serverCpu).toFixed(3)),
    row('processors of etcd', ({ etcdCpu }) => perSecond(etcdCpu).toFixed(3)),
    row('processors of the controller', ({ controllerCpu }) => perSecond(controllerCpu).toFixed(3)),
    row('kube-apiserver, ms for each renewal', ({ serverCpu, writes }) => ((1000 * serverCpu) / writes).toFixed(2)),
    row('memory of the controller, MB', ({ controllerMb }) => controllerMb.toFixed(0)),
    '',
    `A node costs at most this many times what it costs among the fewest: ${growth.join(', ')}. The command fails above ${MOST}.`,
    '',
    `${date}, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Linux ${machine.kernel}, Node ${machine.node}; load average ${load[0].toFixed(1)} to ${load[1].toFixed(1)}.`,
    '',
  ].join('\n');
};
