/**
 * Reads the plain part of YAML that `kubectl get -o yaml` prints: blocks of maps and lists, scalars on one line, literal
 * blocks. It does in a tenth of the time what a whole YAML parser does, and gives up on everything else: anchors, tags, flow
 * collections, folded text, comments, merge keys, keys that are there twice.
 */

/** Thrown inside where the text is more than this reader knows. */
class NotPlain extends Error {}

interface Line {
  readonly indent: number;
  /** Without the indent; never empty. */
  readonly text: string;
}

/** `key: value`, `key:`; keys are plain words without blanks, or in quotes without escapes. */
const ENTRY = /^(?:([A-Za-z0-9_./-][^\s"'#:,[\]{}&*!|>%@`]*(?::[^\s"'#:,[\]{}]+)*)|"([^"\\]*)"|'([^']*)'):(?: +(.*))?$/;
/** Starts of what is no plain scalar, and text in plain scalars that ends or changes them. */
const UNSAFE = /^[-?:,[\]{}#&*!|>%@`"']|: |:$| #|\t/;
const SINGLE_QUOTED = /^'((?:[^']|'')*)'$/;
const DOUBLE_QUOTED = /^"([^"\\]*)"$/;
const ESCAPED = /^"(?:[^"\\]|\\.)*"$/;
const LITERAL = /^\|([+-]?)$/;
/** Words that mean themselves in every version of YAML. */
const WORD = /^[A-Za-z_/][^:#]*$/;
const SPECIAL_WORD = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** Reads a scalar by the rules of the whole parser. */
export type ReadScalar = (text: string) => unknown;

/** @returns the text of each line, and where blank ones are: they only matter in literal blocks */
const linesOf = (text: string): readonly string[] => (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');

const indentOf = (line: string): number => {
  let indent = 0;
  while (line.charCodeAt(indent) === 32) indent += 1;
  return indent;
};

/**
 * @param readScalar asked for scalars that may be other than what they look like; the same text always means the same
 * @returns undefined where the text is more than plain
 */
export const readBlockYaml = (text: string, readScalar: ReadScalar): { readonly value: unknown } | undefined => {
  const lines = linesOf(text);
  let at = 0;

  /** The line that comes next, behind blank ones. */
  const peek = (): Line | undefined => {
    while (at < lines.length && lines[at]?.trim() === '') at += 1;
    const line = lines[at];
    if (line === undefined) return undefined;
    const indent = indentOf(line);
    return { indent, text: line.slice(indent).trimEnd() };
  };

  const literal = (indicator: string, parent: number): string => {
    const block: string[] = [];
    let indent = -1;
    while (at < lines.length) {
      const line = lines[at] ?? '';
      const own = indentOf(line);
      if (line.length === own) {
        // Blanks before the first line with text set no indent.
        if (indent >= 0 ? own > indent : own > 0) throw new NotPlain();
        block.push('');
        at += 1;
        continue;
      }
      if (indent < 0) indent = own;
      if (own <= parent || own < indent) break;
      block.push(line.slice(indent));
      at += 1;
    }
    if (indent <= parent) throw new NotPlain();
    const kept = block.join('\n');
    const trimmed = kept.replace(/\n+$/, '');
    if (indicator === '-') return trimmed;
    return indicator === '+' ? `${kept}\n` : `${trimmed}\n`;
  };

  const scalar = (written: string): unknown => {
    if (NUMBER.test(written)) return Number(written);
    if (!UNSAFE.test(written)) {
      return WORD.test(written) && !SPECIAL_WORD.test(written) ? written : readScalar(written);
    }
    const single = SINGLE_QUOTED.exec(written)?.[1];
    if (single !== undefined) return single.replaceAll("''", "'");
    const double = DOUBLE_QUOTED.exec(written)?.[1];
    if (double !== undefined) return double;
    if (ESCAPED.test(written)) return readScalar(written);
    if (written === '{}') return {};
    if (written === '[]') return [];
    throw new NotPlain();
  };

  /** The text behind `key:` or `-` on the line that was just taken; text on the next line would continue it. */
  const inline = (written: string, parent: number): unknown => {
    const indicator = LITERAL.exec(written)?.[1];
    if (indicator !== undefined) return literal(indicator, parent);
    const value = scalar(written);
    const next = peek();
    if (next !== undefined && next.indent > parent) throw new NotPlain();
    return value;
  };

  const block = (indent: number): unknown => {
    const next = peek();
    if (next?.indent !== indent) throw new NotPlain();
    return isItem(next.text) ? list(indent) : map(indent, next.text);
  };

  const isItem = (text: string): boolean => text === '-' || text.startsWith('- ');

  const list = (indent: number): unknown[] => {
    const items: unknown[] = [];
    for (let next = peek(); next?.indent === indent && isItem(next.text); next = peek()) {
      const rest = next.text.slice(1).trimStart();
      if (rest === '') throw new NotPlain();
      const inner = indent + next.text.length - rest.length;
      if (isItem(rest)) throw new NotPlain();
      if (ENTRY.test(rest)) items.push(map(inner, rest));
      else {
        at += 1;
        items.push(inline(rest, indent));
      }
    }
    return items;
  };

  /** @param first the text of its first line, which may stand behind a `-` */
  const map = (indent: number, first: string): Record<string, unknown> => {
    const found: Record<string, unknown> = {};
    let written: string | undefined = first;
    while (written !== undefined) {
      const [whole, plain, double, single, value = ''] = ENTRY.exec(written) ?? [];
      const key = plain ?? double ?? single;
      if (whole === undefined || key === undefined || key === '<<' || key === '__proto__') throw new NotPlain();
      if (plain !== undefined && typeof scalar(plain) !== 'string') throw new NotPlain();
      if (Object.hasOwn(found, key)) throw new NotPlain();
      at += 1;
      if (value !== '') found[key] = inline(value, indent);
      else {
        const next = peek();
        const isNested = next !== undefined && (next.indent > indent || (next.indent === indent && isItem(next.text)));
        found[key] = isNested ? block(next.indent) : null;
      }
      const next = peek();
      if (next !== undefined && next.indent > indent) throw new NotPlain();
      written = next?.indent === indent && !isItem(next.text) ? next.text : undefined;
    }
    return found;
  };

  try {
    const first = peek();
    if (first === undefined || first.text.startsWith('---') || first.text.startsWith('%')) return undefined;
    const value = block(first.indent);
    return peek() === undefined ? { value } : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
};
