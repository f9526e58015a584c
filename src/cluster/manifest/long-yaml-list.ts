/** The text of a List as kubectl prints it, cut into its items: each can be read by itself. */
export interface ListText {
  /** The text before and behind the items; `items:` has nothing behind it there. */
  readonly frame: string;
  readonly items: readonly ItemText[];
}

export interface ItemText {
  /** The first line's `- ` is two blanks here, so that columns stay. */
  readonly text: string;
  /** How many lines of the whole come before it, and how many characters. */
  readonly line: number;
  readonly offset: number;
}

const HEAD = /^apiVersion: v1\nitems:\n(?=- )/;
/** Marks of what reaches across items: anchors, aliases, merge keys, further documents. */
const SHARED = /^(?:---|\.\.\.)|(?:^|[\s[{,:-])[&*][A-Za-z0-9_]/m;

/** @returns undefined where the text is no such List, or its items may not stand alone */
export const cutList = (text: string): ListText | undefined => {
  const head = HEAD.exec(text)?.[0];
  if (head === undefined) return undefined;
  const items: ItemText[] = [];
  let start = head.length;
  let line = 2;
  let tail = '';
  while (start < text.length) {
    if (!text.startsWith('- ', start)) {
      tail = text.slice(start);
      break;
    }
    // An item goes on as long as its lines are indented; blank lines belong to texts within.
    let end = start;
    let lines = 0;
    do {
      const next = text.indexOf('\n', end);
      end = next < 0 ? text.length : next + 1;
      lines += 1;
    } while (end < text.length && (text[end] === ' ' || text[end] === '\n'));
    items.push({ text: `  ${text.slice(start + 2, end)}`, line, offset: start });
    start = end;
    line += lines;
  }
  return SHARED.test(tail) ? undefined : { frame: `${head}${tail}`, items };
};
