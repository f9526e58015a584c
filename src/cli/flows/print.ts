import { printableJson } from '../../model/printable.ts';
import type { FlowRecord, StoredFlow } from '../../records/record.ts';
import { formatOutput } from '../output.ts';
import type { CliIo } from '../verb.ts';
import { HEADINGS, liveLine, rowOf, tableOf } from './table.ts';

export const FLOW_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type FlowFormat = (typeof FLOW_FORMATS)[number];

/** Returns a function that prints records one by one; the headings of a table come first. */
export const openPrinter = (output: FlowFormat, io: CliIo): ((flow: FlowRecord) => void) => {
  if (output === 'json') return (flow) => io.out(`${printableJson(JSON.stringify(flow))}\n`);
  if (output === 'yaml') return (flow) => io.out(`---\n${formatOutput('yaml', flow, () => '')}`);
  io.out(`${liveLine(HEADINGS[output], output)}\n`);
  return (flow) => io.out(`${liveLine(rowOf(flow, output), output)}\n`);
};

/** Prints stored flows; `document` is what is printed as data. */
export const printFlows = (
  output: FlowFormat,
  flows: readonly (FlowRecord | StoredFlow)[],
  document: object,
  io: CliIo,
): void => {
  if (output === 'json' || output === 'yaml') {
    io.out(formatOutput(output, document, () => ''));
    return;
  }
  const rows = flows.map((flow) => rowOf(flow, output));
  if (rows.length === 0) io.err('no flows\n');
  else io.out(`${tableOf(rows, output)}\n`);
};
