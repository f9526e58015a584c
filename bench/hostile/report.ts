import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Machine } from '../report/machine.ts';
import { describeMachineLine } from '../report/markdown.ts';
import { quantile } from '../report/statistics.ts';
import { PHASES, type Phase, type TenantResult } from './measure.ts';

/** What bench/results/hostile/STATE.json holds. */
export interface HostileResults {
  readonly state: string;
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly tenants: readonly TenantResult[];
}

/** Another tenant's change is to be in force within this many times its calm time, and so many ms more (p99). */
const TIMES = 2;
const MORE_MS = 250;
const MOST_MB = 256;

const p99 = ({ samples }: TenantResult, phase: Phase): number => quantile(samples[phase], 0.99);

const boundOf = (result: TenantResult): number => TIMES * p99(result, 'calm') + MORE_MS;

export const isWithin = (result: TenantResult): boolean =>
  PHASES.every((phase) => p99(result, phase) <= boundOf(result)) && result.peakMb < MOST_MB;

const cell = (result: TenantResult, phase: Phase): string =>
  `${quantile(result.samples[phase], 0.5).toFixed(0)} / ${p99(result, phase).toFixed(0)}`;

const rowOf = (result: TenantResult): string =>
  `| ${[result.tenant, ...PHASES.map((phase) => cell(result, phase)), boundOf(result).toFixed(0), result.peakMb.toFixed(0), isWithin(result) ? 'yes' : '**no**'].join(' | ')} |`;

export const hostileMarkdown = ({
  state,
  tenants,
  machine,
  measuredAt,
}: HostileResults): string => `# Hostile tenants in state ${state}

Another tenant's policy is changed back and forth while a tenant of the same node does what the row says. From the
API server's answer until packets show that the change is in force, ms: median / 99th percentile of ${String(tenants[0]?.samples.calm.length ?? 0)} changes. The bound of each phase
is ${String(TIMES)} × the calm 99th percentile + ${String(MORE_MS)} ms, and ${String(MOST_MB)} MB of the agent's memory (VmHWM).

| tenant | ${PHASES.join(' | ')} | bound, ms | peak, MB | held |
| --- | ${PHASES.map(() => '---').join(' | ')} | --- | --- | --- |
${tenants.map(rowOf).join('\n')}

${describeMachineLine(machine)}; ${measuredAt.slice(0, 10)}.
`;

export const writeHostileReport = async (folder: string, results: HostileResults): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const markdown = hostileMarkdown(results);
  const rounded = results.tenants.map(({ tenant, samples, peakMb }) => ({
    tenant,
    samples: Object.fromEntries(
      Object.entries(samples).map(([phase, ms]) => [phase, ms.map((each) => Number(each.toFixed(1)))]),
    ),
    peakMb: Math.round(peakMb),
  }));
  await writeFile(
    path.join(folder, `${results.state}.json`),
    `${JSON.stringify({ ...results, tenants: rounded }, undefined, 1)}\n`,
  );
  await writeFile(path.join(folder, `${results.state}.md`), markdown);
  return markdown;
};
