import path from 'node:path';
import { asObject, asText, isRawObject, type RawObject } from '../raw.ts';
import type { ManifestProblem } from './place.ts';
import type { ManifestDocument } from './yaml-document.ts';

const NO_OBJECT = 'not a Kubernetes object: an object with apiVersion, kind and metadata is expected';
const TEMPLATE =
  'a Helm template that was not rendered: give the folder of its chart, or pipe "helm template" into -f -';

/** Lines of YAML comments may hold anything. */
const withoutComments = (text: string): string => text.replaceAll(/^\s*#.*$/gm, '');

const isCompose = ({ services }: RawObject): boolean =>
  isRawObject(services) &&
  Object.values(services).some((service) => isRawObject(service) && ('image' in service || 'build' in service));

const isChart = ({ apiVersion, name, version }: RawObject): boolean =>
  /^v[12]$/.test(asText(apiVersion) ?? '') && name !== undefined && version !== undefined;

/** Names the kind of a file without objects of Kubernetes; undefined if one of its objects may be one. */
const describe = (objects: readonly RawObject[], file: string): string | undefined => {
  if (objects.some((object) => 'kind' in object)) return undefined;
  if (objects.some(isChart)) return 'the description of a Helm chart, no manifest: give the folder of the chart';
  if (objects.some((object) => 'apiVersion' in object)) return undefined;
  if (objects.some(isCompose)) return 'a Compose file, no manifest: kompose and the like translate it';
  if (/^values\b.*\.ya?ml$/.test(path.basename(file))) {
    return 'values of a Helm chart, no manifest: give the folder of the chart';
  }
  return NO_OBJECT;
};

const isTemplated = (object: RawObject): boolean =>
  [object['kind'], object['apiVersion'], asObject(object['metadata'])['name']].some((value) =>
    asText(value)?.includes('{{'),
  );

/**
 * Puts the problems of a file into one where they all have one cause: it is a template that nobody rendered, or it holds no
 * manifests at all.
 */
export const summarizeForeign = (
  text: string,
  file: string,
  documents: readonly ManifestDocument[],
  problems: readonly ManifestProblem[],
): readonly ManifestProblem[] => {
  const [first] = problems;
  const values = documents.map(({ value }) => value);
  const objects = values.filter(isRawObject);
  if (text.includes('{{') && /\{\{.*\}\}/.test(withoutComments(text))) {
    const isBroken = documents.some((document) => document.problems.length > 0);
    if (isBroken || objects.some(isTemplated)) return [{ file, line: first?.line ?? 1, column: 1, message: TEMPLATE }];
  }
  if (first === undefined || documents.some((document) => document.problems.length > 0)) return problems;
  // Kustomize takes its own file without apiVersion and kind.
  if (/^kustomization\.ya?ml$/i.test(path.basename(file)) && objects.every((object) => !('kind' in object))) return [];
  const message = describe(objects, file);
  return message === undefined ? problems : [{ file, line: 1, column: 1, message, weight: 'note' }];
};
