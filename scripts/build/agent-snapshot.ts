import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { execa } from 'execa';
import { type LaterModules, requireLater } from './later-modules.ts';
import { plainBuiltins } from './plain-builtins.ts';

export interface AgentSnapshotOptions {
  readonly common: BuildOptions;
  readonly outdir: string;
  readonly later: LaterModules;
}

/**
 * Writes `agent.blob`, a start-up snapshot (node(1), --build-snapshot): an agent that starts from it need not read,
 * compile and run its modules. It works only with the version of Node that made it. The compiled code of Node's own
 * modules would double its size without a measurable benefit.
 */
export const buildAgentSnapshot = async ({ common, outdir, later }: AgentSnapshotOptions): Promise<void> => {
  const builder = path.join(outdir, 'agent.cjs');
  const settings = path.join(outdir, 'agent.json');
  await build({
    ...common,
    entryPoints: ['src/cli/agent-snapshot.ts'],
    outfile: builder,
    format: 'cjs',
    // A snapshot has no modules: files beside it are found through the file that the process was started with.
    define: { 'import.meta.dirname': 'undefined' },
    plugins: [plainBuiltins('snapshot'), requireLater(later)],
  });
  await writeFile(settings, JSON.stringify({ builder, withoutCodeCache: true }));
  const blob = path.join(outdir, 'agent.blob');
  await execa(process.execPath, ['--snapshot-blob', blob, '--build-snapshot-config', settings], { stdin: 'ignore' });
  await Promise.all([builder, settings].map((file) => rm(file)));
};
