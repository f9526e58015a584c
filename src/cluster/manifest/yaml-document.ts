import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLError,
} from 'yaml';
import { messageOf } from '../error-text.ts';
import { readBlockYaml } from './block-yaml.ts';
import { createJsonPlaces } from './json-places.ts';
import { KUBECTL_TAGS } from './kubectl-tags.ts';
import type { FieldPath } from '../../model/field-path.ts';
import { cutList, type ItemText } from './long-yaml-list.ts';
import type { ManifestProblem, Place } from './place.ts';

/** Offsets into a file's text, in characters: where something begins, and where it has ended. */
export type Span = readonly [number, number];

/** The place of a field in a file's text. */
export interface FieldSpan {
  /** The span of the key, without the colon; undefined for an item of a list. */
  readonly key: Span | undefined;
  /** The span of the value, without blanks and comments after it. */
  readonly value: Span;
}

/** One document of a YAML or JSON file. */
export interface ManifestDocument {
  /** The content as plain data; undefined if it is invalid: `problems` then explains why. */
  readonly value: unknown;
  /** Returns the place of a field, or of the nearest field around it if it is missing. */
  locate(field: FieldPath): Place;
  /** Returns the span of a field's text; undefined if the field is missing, or written elsewhere (an alias). */
  spanOf(field: FieldPath): FieldSpan | undefined;
  readonly problems: readonly ManifestProblem[];
}

/**
 * Told what is being read, and how much of it is done, 0 to 1; without a part it says nothing more until that is over. The file is
 * named.
 */
export type OnProgress = (what: string, part?: number) => void;

const isNode = (value: unknown): value is Node => isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

const pairOf = (node: Node, key: string | number): Pair | undefined =>
  isMap(node) ? node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key)) : undefined;

/** Returns the offset of a field: of a list's item, or of the value under a key; of the key if the value is a block. */
const offsetOf = (document: Document.Parsed, field: FieldPath): number => {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range[0];
  for (const step of field) {
    if (isAlias(node)) node = node.resolve(document);
    if (!isNode(node)) return offset;
    const pair = pairOf(node, step);
    const next: unknown = isSeq(node) && typeof step === 'number' ? node.items[step] : pair?.value;
    const place = pair !== undefined && !isScalar(next) ? startOf(pair.key) : startOf(next);
    if (place === undefined) return offset;
    offset = place;
    node = next;
  }
  return offset;
};

const spanOfNode = (node: unknown): Span | undefined =>
  isNode(node) && node.range ? [node.range[0], node.range[1]] : undefined;

const spanOf = (document: Document.Parsed, field: FieldPath): FieldSpan | undefined => {
  let node: unknown = document.contents;
  let key: Span | undefined;
  for (const step of field) {
    if (!isNode(node)) return undefined;
    const pair = pairOf(node, step);
    key = spanOfNode(pair?.key);
    node = isSeq(node) && typeof step === 'number' ? node.items[step] : pair?.value;
  }
  const value = spanOfNode(node);
  return value === undefined || isAlias(node) ? undefined : { key, value };
};

const WORDING: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  DUPLICATE_KEY: 'this key is there twice, and kubectl would keep the last one',
};

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

const yamlProblems = (errors: readonly YAMLError[], placeAt: (offset: number) => Place): ManifestProblem[] =>
  errors.map((error) => ({
    ...placeAt(error.pos[0]),
    message: WORDING[error.code] ?? `not YAML: ${firstLine(error.message)}`,
  }));

/** Finds maps as keys, which `{{ .Values.x }}` reads as: valid YAML, but never a Kubernetes object. */
const keyProblems = (document: Document.Parsed, placeAt: (offset: number) => Place): ManifestProblem[] => {
  const problems: ManifestProblem[] = [];
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key)) return undefined;
      const message = 'a key must be plain text; is this a template that was not rendered?';
      problems.push({ ...placeAt(startOf(pair.key) ?? document.range[0]), message });
      return visit.SKIP;
    },
  });
  return problems;
};

/** Number of characters. Longer JSON is read as JSON: YAML takes twenty times the time and memory. */
const LONG_TEXT = 32_768;

/** Number of characters. JSON of that length takes a second or more, and says nothing meanwhile. */
const HUGE_TEXT = 100_000_000;

/** Reads a long text that is one JSON object. It determines places only on request. */
const readJson = (text: string, file: string, onProgress: OnProgress): ManifestDocument | undefined => {
  if (text.length > HUGE_TEXT) onProgress(`reading ${file} (${Math.floor(text.length / 1e6)} MB)`);
  try {
    const value: unknown = JSON.parse(text);
    return {
      value,
      locate: createJsonPlaces(text, file),
      spanOf: (field) => readYaml(text, file)[0]?.spanOf(field),
      problems: [],
    };
  } catch {
    return undefined;
  }
};

/** Returns the offsets of consecutive JSON objects, as kubectl accepts them; the last may be broken. */
const startsOfObjects = (text: string): readonly number[] => {
  const starts: number[] = [];
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') {
      if (depth === 0) starts.push(index);
      depth += 1;
    } else if (token === '}') depth -= 1;
  }
  return starts;
};

/** Reads consecutive JSON objects without a separator, as `jq .` and `kubectl get -o json` in a loop print them. */
const readJsonStream = (
  text: string,
  file: string,
  onProgress: OnProgress,
): readonly ManifestDocument[] | undefined => {
  const starts = startsOfObjects(text);
  if (starts.length < 2) return undefined;
  const documents = starts.map((start, index) => {
    // Blank out the text before it, so that places stay the same.
    const before = text.slice(0, start).replaceAll(/[^\n]/g, ' ');
    return readJson(`${before}${text.slice(start, starts[index + 1])}`, file, onProgress);
  });
  return documents.every((document) => document !== undefined) ? documents : undefined;
};

/** A scalar by itself, as it would be read in a document; the same texts come again and again. */
const createScalarReader = (): ((text: string) => unknown) => {
  const known = new Map<string, unknown>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    const [document] = readYaml(text, '');
    const value = document?.value ?? null;
    if (known.size < MOST_SCALARS) known.set(text, value);
    return value;
  };
};

const MOST_SCALARS = 50_000;

/** Items of a list between two reports of progress. */
const ITEMS_A_REPORT = 100;

/**
 * Reads a long List as kubectl prints it, item by item. It determines places in the item's own text and only on request,
 * so that a dump of a whole cluster needs no syntax tree.
 */
const readLongList = (text: string, file: string, onProgress: OnProgress): ManifestDocument | undefined => {
  const list = cutList(text);
  if (list === undefined) return undefined;
  const frame = readYaml(list.frame, file)[0];
  if (frame === undefined || frame.problems.length > 0) return undefined;
  const readScalar = createScalarReader();
  const items: unknown[] = [];
  for (const [at, item] of list.items.entries()) {
    if (at % ITEMS_A_REPORT === 0) onProgress(`reading ${file}`, at / list.items.length);
    const plain = readBlockYaml(item.text, readScalar);
    if (plain !== undefined) {
      items.push(plain.value);
      continue;
    }
    const documents = readYaml(item.text, file);
    const [document] = documents;
    // The whole text tells best what is wrong with it, and where.
    if (document === undefined || documents.length > 1 || document.problems.length > 0) return undefined;
    items.push(document.value);
  }
  const placeIn = ({ text: own, line }: ItemText, field: FieldPath): Place => {
    const place = readYaml(own, file)[0]?.locate(field) ?? { file, line: 1, column: 3 };
    return { ...place, line: place.line + line };
  };
  return {
    value: { ...(frame.value as object), items },
    problems: [],
    locate(field) {
      const [first, index, ...rest] = field;
      const item = first === 'items' && typeof index === 'number' ? list.items[index] : undefined;
      if (item !== undefined) return placeIn(item, rest);
      return first === undefined || first === 'items'
        ? frame.locate(first === undefined ? [] : ['items'])
        : { file, line: 1, column: 1 };
    },
    spanOf([first, index, ...rest]) {
      const item = first === 'items' && typeof index === 'number' ? list.items[index] : undefined;
      const span = item && readYaml(item.text, file)[0]?.spanOf(rest);
      if (span === undefined || item === undefined) return undefined;
      const shifted = ([from, to]: Span): Span => [from + item.offset, to + item.offset];
      return { key: span.key && shifted(span.key), value: shifted(span.value) };
    },
  };
};

/**
 * Reads the documents of a text, without empty ones. An invalid document does not hide the others. JSON is read as YAML.
 * Merge keys (`<<`) and the short words for true and false work as in kubectl.
 */
export const readDocuments = (
  text: string,
  file: string,
  onProgress: OnProgress = () => undefined,
): readonly ManifestDocument[] => {
  const isJson = /^\s*\{/.test(text);
  const readLong = isJson ? readJson : readLongList;
  const long = text.length < LONG_TEXT ? undefined : readLong(text, file, onProgress);
  if (long !== undefined) return [long];
  const documents = readYaml(text, file);
  if (!isJson || documents.every(({ problems }) => problems.length === 0)) return documents;
  // Tabs may indent JSON, and several of its objects may follow each other.
  const json = readJson(text, file, onProgress);
  return json === undefined ? (readJsonStream(text, file, onProgress) ?? documents) : [json];
};

const readYaml = (text: string, file: string): readonly ManifestDocument[] => {
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line, column: col };
  };
  const documents = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    merge: true,
    logLevel: 'error',
    customTags: (tags) => [...KUBECTL_TAGS, ...tags],
  });
  return [...documents]
    .map((document) => {
      const locate = (field: FieldPath): Place => placeAt(offsetOf(document, field));
      const problems = [...yamlProblems(document.errors, placeAt), ...keyProblems(document, placeAt)];
      const spans = { spanOf: (field: FieldPath) => spanOf(document, field) };
      if (problems.length > 0) return { value: undefined, locate, ...spans, problems };
      try {
        return { value: document.toJS() as unknown, locate, ...spans, problems };
      } catch (error) {
        // An alias without its anchor, or nested aliases that would explode.
        const message = `not YAML: ${firstLine(messageOf(error))}`;
        return { value: undefined, locate, ...spans, problems: [{ ...locate([]), message }] };
      }
    })
    .filter(({ value, problems }) => (value !== null && value !== undefined) || problems.length > 0);
};
