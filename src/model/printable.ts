/** Characters that move a cursor, end a line, reorder text or hide in it: controls, formats, line and paragraph ends. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** Text of others on one line of ours: what could break the line or command a terminal becomes `\u{1b}`. */
export const printable = (text: string): string => text.replaceAll(HIDDEN, escaped);

/**
 * As printable, for the name of an object that no API server has checked: `namespace/name` must tell any two apart as well.
 * Different names stay different.
 */
export const printableName = (name: string): string => printable(name.replaceAll(/[\\/]/g, escaped));

const jsonEscape = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16).padStart(4, '0'))
    .map((unit) => `\\u${unit}`)
    .join('');

/**
 * JSON text that means the same and commands no terminal: JSON.stringify leaves DEL, the C1 controls (U+009B is ESC [) and
 * the formats as they are. Line feeds, which lay the text out, stay.
 */
export const printableJson = (json: string): string =>
  json.replaceAll(HIDDEN, (character) => (character === '\n' ? character : jsonEscape(character)));
