import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RenderedFolder } from '../cluster/manifest/load-manifests.ts';
import { CommandError, type CommandRunner } from '../kernel/command.ts';
import { messageOf } from '../model/message-of.ts';

/** Rendering a chart with many dependencies takes seconds; a remote base of a kustomization may not answer. */
const TIMEOUT_MS = 60_000;

const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** A program that renders a folder to manifests. */
interface Renderer {
  readonly file: string;
  readonly args: readonly string[];
}

const kustomizers = (folder: string): readonly Renderer[] => [
  { file: 'kustomize', args: ['build', folder] },
  { file: 'kubectl', args: ['kustomize', folder] },
];

/** Helm needs a name for the release; templates may use it for names of objects. */
const helm = (folder: string): readonly Renderer[] => [
  { file: 'helm', args: ['template', path.basename(path.resolve(folder)), folder] },
];

const namesIn = async (folder: string): Promise<readonly { readonly name: string; readonly isFolder: boolean }[]> =>
  readdir(folder, { withFileTypes: true }).then(
    (entries) => entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() })),
    // A file, or unreadable: the loader reports it.
    () => [],
  );

/** Returns the Helm charts in a folder and below; charts inside a chart are parts of it. */
const findCharts = async (folder: string): Promise<readonly string[]> => {
  const entries = await namesIn(folder);
  if (entries.some(({ name }) => name === 'Chart.yaml')) return [folder];
  const below: string[] = [];
  for (const { name, isFolder } of entries) {
    if (isFolder && !name.startsWith('.')) below.push(...(await findCharts(path.join(folder, name))));
  }
  return below;
};

const isMissing = (error: unknown): boolean => error instanceof CommandError && error.message.includes('ENOENT');

/** Runs the first of the programs that is installed. */
const renderBy = async (
  folder: string,
  renderers: readonly Renderer[],
  { run }: CommandRunner,
): Promise<RenderedFolder | undefined> => {
  for (const { file, args } of renderers) {
    const source = `<${[file, ...args].join(' ')}>`;
    try {
      return { folder, source, text: await run(file, args, { timeoutMs: TIMEOUT_MS }) };
    } catch (error) {
      if (isMissing(error)) continue;
      const problem = messageOf(error);
      return { folder, source, text: undefined, problem: `cannot be rendered: ${problem}` };
    }
  }
  return undefined;
};

/** The rendered manifests, and remarks for the user. */
export interface Rendering {
  readonly folders: readonly RenderedFolder[];
  /** Whole sentences about folders whose files were read without rendering. */
  readonly remarks: readonly string[];
}

/**
 * Renders those of the folders that contain a kustomization, and every Helm chart in and below the others, with programs on
 * the PATH. Without these programs it reads a kustomization's files as they are, and skips a chart.
 */
export const renderFolders = async (paths: readonly string[], runner: CommandRunner): Promise<Rendering> => {
  const folders: RenderedFolder[] = [];
  const remarks: string[] = [];
  for (const target of paths) {
    const names = (await namesIn(target)).map(({ name }) => name);
    if (KUSTOMIZATIONS.some((name) => names.includes(name))) {
      const rendered = await renderBy(target, kustomizers(target), runner);
      if (rendered !== undefined) folders.push(rendered);
      else {
        remarks.push(
          `${target} holds a kustomization, and neither kustomize nor kubectl is on the PATH: its files are read as they are`,
        );
      }
      continue;
    }
    for (const chart of await findCharts(target)) {
      const problem =
        'a Helm chart, and helm is not on the PATH: nothing of it was read; install helm, or pipe "helm template" into -f -';
      folders.push(
        (await renderBy(chart, helm(chart), runner)) ?? { folder: chart, source: chart, text: undefined, problem },
      );
    }
  }
  return { folders, remarks };
};
