import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import type { IptablesBackend } from '../src/lab/settings.ts';
import { endOnSignals } from './end-on-signals.ts';
import { parseOptions } from './safety/options.ts';
import type { Finding } from './safety/row.ts';
import { type Proof, proofTable } from './safety/table.ts';

/** The inner half of `npm run safety`, inside the sandbox. */

endOnSignals();
const { rows, rounds, backends, out } = parseOptions(process.argv.slice(2));

const say = (line: string): void => {
  console.error(`safety: ${line}`);
};

const proofs: Proof[] = [];
const loads: number[] = [];
for (const row of rows) {
  const findings: Partial<Record<IptablesBackend, readonly Finding[]>> = {};
  for (const backend of backends) {
    findings[backend] = await row.prove(backend, rounds, say);
    loads.push(loadavg()[0] ?? 0);
  }
  proofs.push({ row, findings });
}
const load = `Load of the machine meanwhile: ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}.`;
const text = `${proofTable(proofs)}\n${load}\n`;
console.log(text);
if (out !== undefined) await writeFile(out, text);
const missed = proofs.some(({ findings }) => Object.values(findings).some((of) => of.some(({ met }) => met === false)));
process.exitCode = missed ? 1 : 0;
