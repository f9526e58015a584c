import type { Cell } from './cells.ts';

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One line for each connection, the denied ones too (RFC 4180, with line feeds alone). */
export function* csvLines(cells: Iterable<Cell>): Generator<string> {
  yield 'from,from_pods,to,to_pods,verdict,ports,ruled\n';
  for (const { from, to, pods, verdict, ports = '', isRuled } of cells) {
    yield `${[from, String(pods[0]), to, String(pods[1]), verdict, ports, String(isRuled)].map(quoted).join(',')}\n`;
  }
}
