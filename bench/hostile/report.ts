import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Backend } from '../../src/kernel/iptables.ts';
import type { Machine } from '../report/machine.ts';
import { describeMachineLine } from '../report/markdown.ts';
import { quantile } from '../report/statistics.ts';
import { PHASES, type Phase, type TenantResult } from './measure.ts';

/** The content of bench/results/hostile/STATE.json. */
export interface HostileResults {
  readonly state: string;
  readonly measuredAt: string;
  readonly backend: Backend;
  readonly machine: Machine;
  readonly tenants: readonly TenantResult[];
}

/** The p99 of another tenant's change must be at most this many times its calm time, plus the milliseconds below. */
const TIMES = 2;
const MORE_MS = 250;
const MOST_MB = 256;

const p99 = ({ samples }: TenantResult, phase: Phase): number => quantile(samples[phase].inForce, 0.99);

/** The same from the time at which a watch received the change: the agent's own part. */
const afterTold = ({ samples }: TenantResult, phase: Phase): readonly number[] =>
  samples[phase].inForce.map((ms, at) => Math.max(0, ms - (samples[phase].told[at] ?? 0)));

const boundOf = (result: TenantResult): number => TIMES * p99(result, 'calm') + MORE_MS;

export const isWithin = (result: TenantResult): boolean =>
  PHASES.every((phase) => p99(result, phase) <= boundOf(result)) && result.peakMb < MOST_MB;

const cell = (result: TenantResult, phase: Phase): string =>
  `${quantile(result.samples[phase].inForce, 0.5).toFixed(0)} / ${p99(result, phase).toFixed(0)}`;

/** Formats the 99th percentile of each phase. */
const each = (of: (phase: Phase) => readonly number[]): string =>
  PHASES.map((phase) => quantile(of(phase), 0.99).toFixed(0)).join(' / ');

const rowOf = (result: TenantResult): string =>
  `| ${[
    result.tenant,
    ...PHASES.map((phase) => cell(result, phase)),
    boundOf(result).toFixed(0),
    result.peakMb.toFixed(0),
    isWithin(result) ? 'yes' : '**no**',
    each((phase) => result.samples[phase].told),
    each((phase) => afterTold(result, phase)),
  ].join(' | ')} |`;

const noteOf = ({ tenant, note }: TenantResult): readonly string[] =>
  note === undefined ? [] : [`- ${tenant}: ${note}`];

export const hostileMarkdown = ({
  state,
  tenants,
  machine,
  measuredAt,
  backend,
}: HostileResults): string => `# Hostile tenants in state ${state}${backend === 'nft' ? '' : `, ${backend} backend`}

Another tenant's policy is changed back and forth while a tenant of the same node does what the row says. From the
API server's answer until packets show that the change is in force, ms: median / 99th percentile of ${String(tenants[0]?.samples.calm.inForce.length ?? 0)} changes. The bound of each phase
is ${String(TIMES)} × the calm 99th percentile + ${String(MORE_MS)} ms, and ${String(MOST_MB)} MB of the agent's memory (VmHWM).
The last two columns tell whose time it was, 99th percentiles of the four phases: until a watch that does nothing else has received
the change, which is the API server's part and counts all the same, and from then on.

| tenant | ${PHASES.join(' | ')} | bound, ms | peak, MB | held | a watch has it | from then on |
| --- | ${PHASES.map(() => '---').join(' | ')} | --- | --- | --- | --- | --- |
${tenants.map(rowOf).join('\n')}
${tenants
  .flatMap(noteOf)
  .map((line) => `\n${line}`)
  .join('')}

${describeMachineLine(machine)}; ${measuredAt.slice(0, 10)}.
`;

export const writeHostileReport = async (folder: string, results: HostileResults): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const markdown = hostileMarkdown(results);
  const round = (ms: readonly number[]): readonly number[] => ms.map((one) => Number(one.toFixed(1)));
  const rounded = results.tenants.map(({ samples, peakMb, ...others }) => ({
    ...others,
    samples: Object.fromEntries(
      Object.entries(samples).map(([phase, { inForce, told }]) => [
        phase,
        { inForce: round(inForce), told: round(told) },
      ]),
    ),
    peakMb: Math.round(peakMb),
  }));
  const file = path.join(folder, results.backend === 'nft' ? results.state : `${results.state}-${results.backend}`);
  await writeFile(`${file}.json`, `${JSON.stringify({ ...results, tenants: rounded }, undefined, 1)}\n`);
  await writeFile(`${file}.md`, markdown);
  return markdown;
};
