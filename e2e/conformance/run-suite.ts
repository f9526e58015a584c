import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findSuitePrograms } from '../cluster/programs.ts';
import { parseReport, type SpecResult } from './report.ts';

export interface SuiteSettings {
  readonly kubeconfig: string;
  /** Regular expression of specs' names. */
  readonly focus: string;
  /** The same for specs to leave out. */
  readonly skip: string;
  /** Number of specs that run at the same time. */
  readonly procs: number;
  /** The file of the suite's own output. */
  readonly logFile: string;
  readonly say: (line: string) => void;
}

/** All NetworkPolicy specs of the suite. */
export const POLICY_SPECS = 'NetworkPolicy';

/** Specs whose pods listen on SCTP sockets, which some kernels lack (CONFIG_IP_SCTP). */
export const SCTP_SPECS = 'SCTPConnectivity';

/** Ginkgo's mark of a spec that was run. */
const DONE = '•';

/** Prints the number of finished specs whenever it changes. */
const countDone = (say: (line: string) => void): ((text: string) => void) => {
  let done = 0;
  return (text) => {
    const more = text.split(DONE).length - 1;
    if (more === 0) return;
    done += more;
    say(`${String(done)} specs done`);
  };
};

const runGinkgo = async (file: string, args: readonly string[], settings: SuiteSettings): Promise<void> => {
  // A process group of its own, which ends with us as a whole.
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', end);
  const log = createWriteStream(settings.logFile);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.pipe(log, { end: false });
  }
  child.stdout.on('data', countDone(settings.say));
  // The report says what failed; the exit code only that something did.
  await once(child, 'close');
  process.off('exit', end);
  log.end();
};

/**
 * Runs specs of Kubernetes' own end-to-end suite against a cluster, and first builds the suite if needed.
 *
 * @throws Error with the name of its log if the suite has no result
 */
export const runSuite = async (settings: SuiteSettings): Promise<readonly SpecResult[]> => {
  const programs = await findSuitePrograms(settings.say);
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-suite-'));
  try {
    const ginkgo = [
      `--procs=${String(settings.procs)}`,
      '--no-color',
      `--focus=${settings.focus}`,
      ...(settings.skip === '' ? [] : [`--skip=${settings.skip}`]),
      '--json-report=report.json',
      `--output-dir=${folder}`,
    ];
    const suite = [`--kubeconfig=${settings.kubeconfig}`, '--provider=local', '--num-nodes=2'];
    await runGinkgo(programs.path('ginkgo'), [...ginkgo, programs.path('e2e.test'), '--', ...suite], settings);
    const report = await readFile(path.join(folder, 'report.json'), 'utf8').catch((cause: unknown) => {
      throw new Error(`the suite came to no result; its words are in ${settings.logFile}`, { cause });
    });
    return parseReport(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
