import { readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { readManifest } from '../../cluster/manifest/read-manifest.ts';
import type { Finding, Repair } from '../../check/finding.ts';
import type { RawObject } from '../../cluster/raw.ts';
import { repaired } from './repaired.ts';
import { applyEdits, type TextEdit, toTextEdit } from './text-edit.ts';

/** A repair may uncover another one: of a policy that cannot be read only the faults are told. Removals take a round each. */
const MOST_ROUNDS = 100;

/** What is wrong with some manifests. */
export interface Checked {
  readonly loaded: LoadedManifests;
  readonly findings: readonly Finding[];
}

/** The repairs of one finding, and the policy that they are made in. */
interface Wanted {
  readonly object: ManifestObject;
  readonly repairs: readonly Repair[];
}

const wantedOf = ({ loaded, findings }: Checked): readonly Wanted[] =>
  findings.flatMap(({ policy, repairs = [] }) => {
    const object = loaded.policyOrigins.get(policy);
    // What came from a pipe or was rendered is in no file.
    return object === undefined || repairs.length === 0 || object.place.file.startsWith('<')
      ? []
      : [{ object, repairs }];
  });

/** All edits of a finding, or none of them. */
const editsOf = ({ object, repairs }: Wanted, text: string): readonly TextEdit[] => {
  const edits = repairs.map((repair) => toTextEdit(repair, object, text));
  return edits.includes(undefined) ? [] : edits.filter((edit) => edit !== undefined);
};

const isRemoval = ({ kind }: Repair): boolean => kind === 'remove';

/**
 * Makes one repair after the other, each only if the text then says what it said before, repaired: a text may be laid out in
 * ways in which a moved line means something else.
 */
const repairText = (file: string, text: string, wanted: readonly Wanted[]): { text: string; made: number } => {
  const objects = readManifest(text, file).objects;
  let expected: readonly RawObject[] = objects.map(({ raw }) => raw);
  const edits: TextEdit[] = [];
  const touched = new Set<number>();
  let made = 0;
  for (const { object, repairs } of wanted) {
    const index = objects.findIndex(
      ({ place }) => place.line === object.place.line && place.column === object.place.column,
    );
    // Once an item is off a list, the paths of other repairs no longer fit: their turn comes in the next round.
    if (touched.has(index) && repairs.some(isRemoval)) continue;
    const more = editsOf({ object, repairs }, text);
    const overlaps = more.some(({ start, end }) => edits.some((edit) => start < edit.end && edit.start < end));
    if (more.length === 0 || overlaps) continue;
    const next = expected.map((raw, at) => (at === index ? repaired(raw, repairs) : raw));
    const read = readManifest(applyEdits(text, [...edits, ...more]), file).objects.map(({ raw }) => raw);
    if (!isDeepStrictEqual(read, next)) continue;
    expected = next;
    edits.push(...more);
    touched.add(index);
    made += 1;
    if (repairs.some(isRemoval)) break;
  }
  return { text: applyEdits(text, edits), made };
};

/** What was repaired, and what is left. */
export interface Fixed extends Checked {
  readonly made: number;
  readonly files: readonly string[];
}

/**
 * Writes the repairs that are certain into the files, and checks again, until there are no more.
 *
 * @param check loads the files anew
 * @throws Error if a file cannot be written
 */
export const fixFiles = async (check: () => Promise<Checked>): Promise<Fixed> => {
  let checked = await check();
  let made = 0;
  const files = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let changed = false;
    for (const [file, wanted] of Map.groupBy(wantedOf(checked), ({ object }) => object.place.file)) {
      const text = await readFile(file, 'utf8');
      const repaired = repairText(file, text, wanted);
      if (repaired.made === 0 || repaired.text === text) continue;
      await writeFile(file, repaired.text);
      made += repaired.made;
      files.add(file);
      changed = true;
    }
    if (!changed) break;
    checked = await check();
  }
  return { ...checked, made, files: [...files] };
};
