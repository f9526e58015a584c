import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findKubectl } from '../../scripts/manifests/kubectl.ts';
import { kustomize } from '../../scripts/manifests/kustomize.ts';
import { PATHS } from '../../scripts/manifests/paths.ts';

export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  } & Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
}

/** Returns the objects of a YAML text. @throws Error for invalid YAML */
export const readObjects = (text: string): readonly Manifest[] =>
  parseAllDocuments(text).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Manifest;
  });

export const readText = (...parts: readonly string[]): string => readFileSync(path.join(...parts), 'utf8');

/** Returns the chart with one file of values, as `npm run manifests` rendered it. */
export const renderedChart = (values: string): string => readText(PATHS.renderedCharts, `${values}.yaml`);

export const kubectlPath = (): Promise<string> =>
  findKubectl((line) => {
    console.error(line);
  });

/** Returns kubectl's rendering of a folder. */
export const kustomized = async (folder: string): Promise<string> => kustomize(await kubectlPath(), folder);

/** Returns a kustomization of the base with components, as a person would write it. */
export const overlayOf = (...components: readonly string[]): string =>
  JSON.stringify({
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../base'],
    components: components.map((name) => `../components/${name}`),
  });
