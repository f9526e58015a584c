import type { LeftBehind } from './left-behind.ts';
import type { ProcessEntry } from './processes.ts';
import { describeRunning, runningAt, type TimedEvent } from './progress.ts';

export const isNothing = ({ processes, namespaces, folders }: LeftBehind): boolean =>
  processes.length + namespaces.length + folders.length === 0;

/** Names a process and the test that was running at its start. */
export const describeProcess = ({ pid, command, startedAt }: ProcessEntry, events: readonly TimedEvent[]): string =>
  `process ${pid} (${command}), started while ${describeRunning(runningAt(events, startedAt))}`;

/**
 * Describes what was left behind and ended, one line each.
 * @param madeBy the tests that made namespaces and temporary files, by name
 */
export const describeLeftBehind = (
  file: string,
  left: LeftBehind,
  events: readonly TimedEvent[],
  madeBy: ReadonlyMap<string, string>,
): string => {
  const who = (name: string): string => (madeBy.has(name) ? `, of the test ${madeBy.get(name) ?? ''}` : '');
  return [
    `${file} left behind, and it was ended:`,
    ...left.processes.map((each) => describeProcess(each, events)),
    ...left.namespaces.map((name) => `network namespace ${name}${who(name)}`),
    ...left.folders.map((name) => `temporary file ${name}${who(name)}`),
  ].join('\n  ');
};
