import { readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { readManifest } from '../../cluster/manifest/read-manifest.ts';
import type { Finding, Repair } from '../../check/finding.ts';
import type { RawObject } from '../../cluster/raw.ts';
import { repaired } from './repaired.ts';
import { applyEdits, type TextEdit, toTextEdit } from './text-edit.ts';

/** A repair may uncover another one: an invalid policy has no findings but its faults. Each removal needs its own round. */
const MOST_ROUNDS = 100;

/** The findings of some manifests. */
export interface Checked {
  readonly loaded: LoadedManifests;
  readonly findings: readonly Finding[];
}

/** The repairs of one finding, and their policy. */
interface Wanted {
  readonly object: ManifestObject;
  readonly repairs: readonly Repair[];
}

const wantedOf = ({ loaded, findings }: Checked): readonly Wanted[] =>
  findings.flatMap(({ policy, repairs = [] }) => {
    const object = loaded.policyOrigins.get(policy);
    // Standard input and rendered manifests have no file to repair.
    return object === undefined || repairs.length === 0 || object.place.file.startsWith('<')
      ? []
      : [{ object, repairs }];
  });

/** Returns all edits of a finding, or none. */
const editsOf = ({ object, repairs }: Wanted, text: string): readonly TextEdit[] => {
  const edits = repairs.map((repair) => toTextEdit(repair, object, text));
  return edits.includes(undefined) ? [] : edits.filter((edit) => edit !== undefined);
};

const isRemoval = ({ kind }: Repair): boolean => kind === 'remove';

/**
 * Makes one repair after another, each only if the text then means the same as before, apart from the repair: with some
 * layouts of a text, a moved line means something else.
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
    // After the removal of a list item, paths of other repairs no longer fit: they wait for the next round.
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

/** The repairs that were made, and the findings that are left. */
export interface Fixed extends Checked {
  readonly made: number;
  readonly files: readonly string[];
}

/**
 * Writes the certain repairs to the files and checks again, until there are no more.
 *
 * @param check loads the files again
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
