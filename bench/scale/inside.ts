import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { startTestApiServer } from '../../test/support/apiserver/start-api-server.ts';
import { cleanUp } from '../../test/support/clean-up.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { describeMachine } from '../report/machine.ts';
import { createSimulatedAgents } from './agents.ts';
import { openLeaseWatch } from './lease-watch.ts';
import { measureRest, measureScale, type ScaleRow, type Subjects } from './measure.ts';
import { parseScaleOptions } from './options.ts';
import { notLinear, scaleMarkdown } from './report.ts';

/** The inner half of `npm run bench:scale`, inside the sandbox. */

const root = path.join(import.meta.dirname, '../..');
const { nodes, rounds, out } = parseScaleOptions(process.argv.slice(2), root);
const runner = createCommandRunner();

const say = (line: string): void => {
  console.error(`bench: ${line}`);
};

await prepareSandbox(runner);
const server = await startTestApiServer();
const lines: string[] = [];
const controller = await startProcess(
  path.join(root, 'bin/portcullis'),
  ['controller', `--kubeconfig=${server.kubeconfigPath}`, '--identity=bench', '--listen=0', '--log-format=text'],
  { output: (line) => lines.push(line) },
);
try {
  await waitFor(
    'the controller',
    120_000,
    () => Promise.resolve(lines.some((line) => line.includes('this replica is the leader')) || undefined),
    () => lines.join('\n'),
  );
  const connection = await connectByKubeconfig(server.kubeconfigPath);
  const agents = createSimulatedAgents(connection);
  const watch = await openLeaseWatch(connection);
  const loads = [loadavg()[0] ?? 0];
  const rows: ScaleRow[] = [];
  const subjects: Subjects = { server, agents, watch, controllerPid: controller.pid };
  const rest = await measureRest(subjects);
  for (const count of nodes) {
    say(`growing to ${count} nodes`);
    await agents.growTo(count);
    const row = await measureScale(subjects, rest, rounds);
    loads.push(loadavg()[0] ?? 0);
    rows.push(row);
    say(JSON.stringify(row));
  }
  watch.stop();
  const machine = await describeMachine(runner);
  const load = [Math.min(...loads), Math.max(...loads)] as const;
  const results = { machine, date: new Date().toISOString().slice(0, 10), load, rounds, rows };
  const text = scaleMarkdown(results);
  await mkdir(out, { recursive: true });
  await writeFile(path.join(out, 'scale.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(path.join(out, 'scale.md'), text);
  console.log(text);
  const missed = notLinear(rows);
  for (const each of missed) say(each);
  if (missed.length > 0) process.exitCode = 1;
} finally {
  await cleanUp(
    () => controller.stop(),
    () => server.stop(),
  );
}
process.exit();
