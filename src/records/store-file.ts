import { createHash } from 'node:crypto';

/** The last line of a file of records: what its other lines come to. */
const CHECKSUM = 'sha256 ';

const MAGIC = 'portcullis records 1';

/** The text of a file with these lines, in pieces: its kind, the lines, and a checksum of both. */
export function* fileText(lines: Iterable<string>): Generator<string> {
  const hash = createHash('sha256');
  const take = (line: string): string => {
    hash.update(`${line}\n`);
    return `${line}\n`;
  };
  yield take(MAGIC);
  for (const line of lines) yield take(line);
  yield `${CHECKSUM}${hash.digest('hex')}\n`;
}

/** The lines of such a file. @throws Error that says what is wrong with it */
export const linesOfFile = (text: string): readonly string[] => {
  const at = text.lastIndexOf(`\n${CHECKSUM}`) + 1;
  const body = text.slice(0, at);
  const told = text.slice(at + CHECKSUM.length).trim();
  if (!body.startsWith(`${MAGIC}\n`)) throw new Error('it is no file of records of this version');
  if (createHash('sha256').update(body).digest('hex') !== told) throw new Error('its checksum is wrong');
  return body.trimEnd().split('\n').slice(1);
};
