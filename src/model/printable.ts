/** Characters that move a cursor, end a line, or reorder or hide text: controls, formats, line and paragraph ends. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Makes foreign text safe for one line: characters that could break the line or control a terminal become `\u{1b}`. */
export const printable = (text: string): string => text.replaceAll(HIDDEN, escaped);

/**
 * Makes the unchecked name of an object printable, and escapes slashes, so that `namespace/name` is unambiguous.
 * Different names stay different.
 */
export const printableName = (name: string): string => printable(name.replaceAll(/[\\/]/g, escaped));

const jsonEscape = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16).padStart(4, '0'))
    .map((unit) => `\\u${unit}`)
    .join('');

/**
 * Makes JSON text safe for a terminal without changing its meaning: JSON.stringify does not escape DEL, the C1 controls
 * (U+009B is ESC [) and format characters. Line feeds, which are part of the layout, stay.
 */
export const printableJson = (json: string): string =>
  json.replaceAll(HIDDEN, (character) => (character === '\n' ? character : jsonEscape(character)));
