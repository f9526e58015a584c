import path from 'node:path';
import type { PacketFilter } from './packet-filter.ts';

const SOURCES = path.join(import.meta.dirname, '../../src');

/**
 * Runs a piece of a program in the namespace, like the agent, since parts of the product read /proc of their own process's
 * namespace. `body` sees the imports and ends in `return`.
 * @param imports names, and the module of src/ that each comes from
 */
export const runInside = async (
  { runner }: PacketFilter,
  imports: Readonly<Record<string, string>>,
  body: string,
): Promise<unknown> => {
  const program = [
    ...Object.entries(imports).map(([names, module]) => `import { ${names} } from '${SOURCES}/${module}';`),
    `const work = async () => { ${body} };`,
    'console.log(JSON.stringify(await work()));',
  ].join('\n');
  const printed = await runner.run('env', [
    'NODE_OPTIONS=--disable-warning=ExperimentalWarning',
    process.execPath,
    '--input-type=module',
    '--eval',
    program,
  ]);
  return JSON.parse(printed);
};
