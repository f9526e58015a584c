import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RowId } from '../rows/row.ts';
import type { SizeName } from '../state/size.ts';
import type { Machine } from './machine.ts';

/** All samples of one row, by agent. */
export interface RowResult {
  readonly measuredAt: string;
  /** Load average (1 min) of the machine over the rounds, including our own work. */
  readonly load: { readonly least: number; readonly most: number };
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** The content of bench/results/STATE.json. */
export interface Results {
  readonly state: SizeName;
  readonly note?: string;
  readonly machine: Machine;
  readonly rows: Partial<Readonly<Record<RowId, RowResult>>>;
}

const fileOf = (folder: string, state: SizeName): string => path.join(folder, `${state}.json`);

/** Returns the results of an earlier run; undefined if there are none. */
export const readResults = async (folder: string, state: SizeName): Promise<Results | undefined> => {
  const text = await readFile(fileOf(folder, state), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Results);
};

export const writeResults = async (folder: string, results: Results): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(folder, results.state), `${JSON.stringify(results, undefined, 1)}\n`);
};
