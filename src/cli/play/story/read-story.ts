import {
  checkBoolean,
  checkInteger,
  checkList,
  checkObject,
  type Report,
  requireText,
} from '../../../cluster/manifest/check.ts';
import { type FieldPath, formatField } from '../../../model/field-path.ts';
import { formatProblem, type Place } from '../../../cluster/manifest/place.ts';
import { readDocuments } from '../../../cluster/manifest/yaml-document.ts';
import type { RawObject } from '../../../cluster/raw.ts';
import type { Story, StoryCurl, StoryStep } from './story.ts';

/** An invalid story; the message has a line for each mistake, with file, line and field. */
export class StoryError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'StoryError';
  }
}

interface Reader {
  readonly report: Report;
  readonly locate: (field: FieldPath) => Place;
}

const STORY_FIELDS = ['apiVersion', 'kind', 'title', 'intro', 'steps'];
const STEP_FIELDS = ['say', 'apply', 'delete', 'curls'];
const CURL_FIELDS = ['from', 'to', 'port', 'udp', 'expect'];

/** The custom resource of a story, which hides it from programs that read the folder like kubectl. */
const API_VERSION = 'play.portcullis.dev/v1';
const KIND = 'Story';

const EXPECTATIONS: Readonly<Record<string, StoryCurl['expect']>> = { answers: 'answers', 'times out': 'times out' };

const refuseOthers = (raw: RawObject, known: readonly string[], field: FieldPath, report: Report): void => {
  for (const key of Object.keys(raw)) {
    if (!known.includes(key)) report([...field, key], `is not a field here; there are ${known.join(', ')}`);
  }
};

const readText = (raw: RawObject, key: string, field: FieldPath, report: Report): string =>
  requireText(raw[key], [...field, key], report)?.trim() ?? '';

/** Reads one path or a list of them. */
const readPaths = (value: unknown, field: FieldPath, report: Report): readonly string[] => {
  if (typeof value === 'string') return [value];
  return checkList(value, field, report).map((entry, index) => requireText(entry, [...field, index], report) ?? '');
};

const readCurl = (value: unknown, field: FieldPath, { report, locate }: Reader): StoryCurl => {
  const raw = checkObject(value, field, report);
  refuseOthers(raw, CURL_FIELDS, field, report);
  checkInteger(raw['port'], [1, 65_535], [...field, 'port'], report);
  checkBoolean(raw['udp'], [...field, 'udp'], report);
  const told = readText(raw, 'expect', field, report);
  const expect = Object.hasOwn(EXPECTATIONS, told) ? EXPECTATIONS[told] : undefined;
  if (told !== '' && expect === undefined) {
    report([...field, 'expect'], `${JSON.stringify(told)} is not one of ${Object.keys(EXPECTATIONS).join(', ')}`);
  }
  return {
    from: readText(raw, 'from', field, report),
    to: readText(raw, 'to', field, report),
    port: Number(raw['port']),
    protocol: raw['udp'] === true ? 'UDP' : 'TCP',
    expect: expect ?? 'answers',
    place: locate(field),
  };
};

const readStep = (value: unknown, field: FieldPath, reader: Reader): StoryStep => {
  const { report } = reader;
  const raw = checkObject(value, field, report);
  refuseOthers(raw, STEP_FIELDS, field, report);
  const curls = checkList(raw['curls'], [...field, 'curls'], report);
  return {
    say: readText(raw, 'say', field, report),
    apply: readPaths(raw['apply'], [...field, 'apply'], report),
    delete: readPaths(raw['delete'], [...field, 'delete'], report),
    curls: curls.map((curl, index) => readCurl(curl, [...field, 'curls', index], reader)),
  };
};

/**
 * Parses the text of a story.yaml.
 * @throws StoryError with every mistake in it
 */
export const readStory = (text: string, file: string, folder: string): Story => {
  const [document, ...others] = readDocuments(text, file);
  if (document === undefined || others.length > 0) throw new StoryError([`${file}: one YAML document is expected`]);
  const problems = document.problems.map(formatProblem);
  const report: Report = (field, message) => {
    problems.push(formatProblem({ ...document.locate(field), field: formatField(field), message }));
  };
  if (problems.length > 0) throw new StoryError(problems);
  const raw = checkObject(document.value, [], report);
  refuseOthers(raw, STORY_FIELDS, [], report);
  for (const [key, wanted] of Object.entries({ apiVersion: API_VERSION, kind: KIND })) {
    if (raw[key] !== wanted) report([key], `must be ${wanted}`);
  }
  const steps = checkList(raw['steps'], ['steps'], report);
  if (steps.length === 0) report(['steps'], 'a story needs at least one step');
  const story: Story = {
    folder,
    title: readText(raw, 'title', [], report),
    intro: readText(raw, 'intro', [], report),
    steps: steps.map((step, index) => readStep(step, ['steps', index], { report, locate: document.locate })),
  };
  if (problems.length > 0) throw new StoryError(problems);
  return story;
};
