import { isRawObject, type RawObject } from '../raw.ts';
import { checkList, checkObject, type Report, requireText } from './check.ts';
import { checkLabels, checkPodSpec, checkPodStatus } from './check-pod.ts';
import { checkService } from './check-service.ts';
import { summarizeForeign } from './foreign-file.ts';
import { type KindUse, useOfKind } from './kinds.ts';
import { describeObject, type FileContent, type ManifestObject } from './manifest-object.ts';
import { type FieldPath, formatField } from '../../model/field-path.ts';
import { printableName } from '../../model/printable.ts';
import type { ManifestProblem, Place } from './place.ts';
import { dnsLabel, dnsSubdomain } from './syntax.ts';
import { checkWorkload } from './workload.ts';
import { type ManifestDocument, type OnProgress, readDocuments } from './yaml-document.ts';

export type { OnProgress };

type Check = (raw: RawObject, report: Report) => void;

const checkLabelsOfObject: Check = (raw, report) => {
  checkLabels(checkObject(raw['metadata'], ['metadata'], report)['labels'], ['metadata', 'labels'], report);
};

/** Checks of an object beyond its identity. The policy compiler checks a policy's spec. */
const CHECKS: Readonly<Record<KindUse, Check>> = {
  pod(raw, report) {
    checkLabelsOfObject(raw, report);
    checkPodSpec(raw['spec'], ['spec'], report);
    checkPodStatus(raw['status'], ['status'], report);
  },
  namespace: checkLabelsOfObject,
  policy(raw, report) {
    checkObject(raw['spec'], ['spec'], report);
  },
  workload: checkWorkload,
  service: checkService,
  ignored() {
    // Not used.
  },
};

interface Found {
  readonly objects: ManifestObject[];
  readonly problems: ManifestProblem[];
}

/** One object of a document or a list. */
interface Candidate {
  readonly value: unknown;
  readonly document: ManifestDocument;
  /** Path of the object inside the document. */
  readonly prefix: FieldPath;
  /** Fields that items inherit from a typed list. */
  readonly defaults: RawObject;
  /** Of objects that name none. */
  readonly defaultNamespace: string;
  /** Called now and then while the items of a list are read, with the part that is done. */
  readonly onItem: (part: number) => void;
}

const readObject = (candidate: Candidate, found: Found): void => {
  const { value, document, prefix, defaults, defaultNamespace } = candidate;
  const locate = (field: FieldPath): Place => document.locate([...prefix, ...field]);
  let object: string | undefined;
  const before = found.problems.length;
  const report: Report = (field, message) => {
    const path = formatField(field);
    found.problems.push({
      ...locate(field),
      ...(object === undefined ? {} : { object }),
      ...(path === '' ? {} : { field: path }),
      message,
    });
  };

  if (!isRawObject(value)) {
    report([], 'not a Kubernetes object: an object with apiVersion, kind and metadata is expected');
    return;
  }
  const raw = { ...defaults, ...value };
  const apiVersion = requireText(raw['apiVersion'], ['apiVersion'], report);
  const kind = requireText(raw['kind'], ['kind'], report);
  if (apiVersion === undefined || kind === undefined) return;
  const known = useOfKind(apiVersion, kind);
  object = kind;
  if ('mistake' in known) {
    report(['kind'], known.mistake);
    return;
  }
  const { use } = known;
  const metadata = checkObject(raw['metadata'], ['metadata'], report);
  const isNamespace = use === 'namespace';
  const strict = use !== 'ignored';
  const nameSyntax = isNamespace ? dnsLabel : dnsSubdomain;
  const given = strict ? requireText(metadata['name'], ['metadata', 'name'], report, nameSyntax) : metadata['name'];
  // No cluster has such a name. Making it printable here protects logs and terminals everywhere.
  const name = printableName(typeof given === 'string' ? given : '');
  const scope = metadata['namespace'] === '' ? undefined : metadata['namespace'];
  const namespaceField: FieldPath = ['metadata', 'namespace'];
  const namespaceText =
    isNamespace || scope === undefined ? undefined : requireText(scope, namespaceField, report, dnsLabel);
  const namespace = namespaceText === undefined ? undefined : printableName(namespaceText);
  if (strict && name === '') return;

  const identity = { apiVersion, kind, namespace: isNamespace ? '' : (namespace ?? defaultNamespace), name };
  object = describeObject(identity);
  CHECKS[use](raw, report);
  found.objects.push({
    ...identity,
    use,
    raw,
    flawed: found.problems.length > before,
    // Looked for when somebody asks: a dump of a cluster has very many objects.
    get place() {
      return locate([]);
    },
    locate,
    spanOf: (field) => document.spanOf([...prefix, ...field]),
  });
};

/** Returns the item kind of a List, or of a typed list such as PodList, whose items need not repeat it. */
const listedKind = (value: RawObject): string | undefined => {
  const kind = value['kind'];
  return typeof kind === 'string' && kind.endsWith('List') && 'items' in value
    ? kind.slice(0, -'List'.length)
    : undefined;
};

/** Items of a list between two reports of progress. */
const ITEMS_A_REPORT = 1_000;

const readCandidate = (candidate: Candidate, found: Found): void => {
  const { value, document, prefix } = candidate;
  const kind = isRawObject(value) ? listedKind(value) : undefined;
  if (kind === undefined || !isRawObject(value)) {
    readObject(candidate, found);
    return;
  }
  const defaults: RawObject = kind === '' ? {} : { apiVersion: value['apiVersion'], kind };
  const items = checkList(value['items'], ['items'], (field, message) => {
    found.problems.push({ ...document.locate([...prefix, ...field]), object: `${kind}List`, field: 'items', message });
  });
  for (const [index, item] of items.entries()) {
    if (index % ITEMS_A_REPORT === 0) candidate.onItem(index / items.length);
    readCandidate({ ...candidate, value: item, prefix: [...prefix, 'items', index], defaults }, found);
  }
};

/** Settings that a file does not contain. */
export interface ReadSettings {
  /** Of objects that name none; `default` if absent. */
  readonly namespace?: string;
  readonly onProgress?: OnProgress;
}

/** The objects of a manifest file's text (YAML, several documents, lists, JSON). */
export const readManifest = (
  text: string,
  file: string,
  { namespace = 'default', onProgress = () => undefined }: ReadSettings = {},
): FileContent => {
  const found: Found = { objects: [], problems: [] };
  const documents = readDocuments(text, file, onProgress);
  for (const document of documents) {
    found.problems.push(...document.problems);
    if (document.problems.length > 0) continue;
    const whole = { value: document.value, document, prefix: [], defaults: {}, defaultNamespace: namespace };
    readCandidate({ ...whole, onItem: (part) => onProgress(`checking ${file}`, part) }, found);
  }
  return { file, objects: found.objects, problems: summarizeForeign(text, file, documents, found.problems) };
};
