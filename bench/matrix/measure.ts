import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';

/** The time and memory of one run of a command. */
export interface Run {
  readonly seconds: number;
  /** Of the processor, system calls included. */
  readonly processorSeconds: number;
  /** Resident memory at its peak (getrusage(2), ru_maxrss). */
  readonly megabytes: number;
}

const ROOT = path.join(import.meta.dirname, '../..');

/** Loaded before the command line: tells on file 3 what the process used, when it ends. */
const TELL_USAGE = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));",
)}`;

/**
 * Runs the built command line in a process of its own; what it prints goes nowhere.
 * @throws Error where it ends with another exit code than 0 or 1
 */
export const measureCommand = async (args: readonly string[]): Promise<Run> => {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', TELL_USAGE, path.join(ROOT, 'dist/portcullis.js'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let usage = '';
  let errors = '';
  child.stdio[3]?.on('data', (piece: Buffer) => (usage += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (errors += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 && code !== 1) throw new Error(`${args.join(' ')} ended with ${String(code)}: ${errors.slice(-500)}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage;
  return {
    seconds: (performance.now() - started) / 1_000,
    processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
    megabytes: maxRSS / 1_024,
  };
};

/** Writes text piece by piece: a whole cluster is more than one string should hold. */
const writePieces = async (pieces: Iterable<string>, file: string): Promise<void> => {
  const stream = createWriteStream(file);
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
};

function* jsonPieces(objects: Iterable<object>): Generator<string> {
  yield '{"apiVersion":"v1","kind":"List","metadata":{"resourceVersion":""},"items":[';
  let separator = '\n';
  for (const object of objects) {
    yield `${separator}${JSON.stringify(object, undefined, 1)}`;
    separator = ',\n';
  }
  yield ']}\n';
}

function* yamlPieces(objects: Iterable<object>): Generator<string> {
  yield 'apiVersion: v1\nitems:\n';
  for (const object of objects) {
    yield stringify([object], { indentSeq: false, lineWidth: 80, sortMapEntries: true, version: '1.1' });
  }
  yield 'kind: List\nmetadata:\n  resourceVersion: ""\n';
}

/** Writes objects as `kubectl get … -o json` or `-o yaml` prints them. */
export const writeList = (objects: Iterable<object>, file: string, format: 'json' | 'yaml'): Promise<void> =>
  writePieces(format === 'json' ? jsonPieces(objects) : yamlPieces(objects), file);
