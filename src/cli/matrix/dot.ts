import type { Cell } from './cells.ts';
import { headOf, type TableEnd } from './table.ts';

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

const namespaceOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '');

/** The connections that are allowed, as a graph for Graphviz: a cluster for each namespace, an arrow for each connection. */
export function* dotLines(ends: readonly TableEnd[], cells: Iterable<Cell>): Generator<string> {
  yield 'digraph portcullis {\n  rankdir=LR;\n  node [shape=box, fontname="sans-serif"];\n';
  for (const [namespace, members] of Map.groupBy(ends, ({ name }) => namespaceOf(name))) {
    const nodes = members.map((end) => `${quoted(end.name)} [label=${quoted(headOf(end))}];`).join(' ');
    yield namespace === ''
      ? `  ${nodes}\n`
      : `  subgraph ${quoted(`cluster_${namespace}`)} { label=${quoted(namespace)}; ${nodes} }\n`;
  }
  for (const { from, to, verdict, ports, isRuled } of cells) {
    if (verdict === 'denied') continue;
    const style = isRuled ? '' : ', style=dashed';
    yield `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(ports ?? 'some')}${style}];\n`;
  }
  yield '}\n';
}
