import { parseArgs } from 'node:util';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';

export const USAGE = `npm run safety [-- ROW… [--rounds N] [--backend nft|legacy] [--out FILE]]
Rows: ${ROWS.map(({ name }) => name).join(', ')}, all`;

export interface SafetyOptions {
  readonly rows: readonly Row[];
  readonly rounds: number;
  readonly backends: readonly IptablesBackend[];
  /** Where to write the table; only printed if absent. */
  readonly out: string | undefined;
}

/** @throws Error that ends in the usage. */
export const parseOptions = (args: readonly string[]): SafetyOptions => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: 'string' }, backend: { type: 'string' }, out: { type: 'string' } },
  });
  const fail = (what: string): never => {
    throw new Error(`${what}\n${USAGE}`);
  };
  const names = positionals.length === 0 || positionals.includes('all') ? ROWS.map(({ name }) => name) : positionals;
  const rows = names.map((name) => ROWS.find((row) => row.name === name) ?? fail(`there is no row ${name}`));
  const rounds = Number(values.rounds ?? 20);
  if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds takes a number from 1');
  const { backend } = values;
  if (backend !== undefined && backend !== 'nft' && backend !== 'legacy') return fail('--backend is nft or legacy');
  return { rows, rounds, backends: backend === undefined ? ['nft', 'legacy'] : [backend], out: values.out };
};
