import { loadavg } from 'node:os';
import path from 'node:path';
import { createCommandRunner } from '../src/kernel/command.ts';
import { agentOf } from './agent/agent-spec.ts';
import { parseOptions } from './options.ts';
import { BEFORE } from './report/compare.ts';
import { describeMachine } from './report/machine.ts';
import type { RowResult } from './report/results.ts';
import { writeProfile } from './profile.ts';
import { writeReport } from './report/write-report.ts';
import { measureBarePath, measureRound } from './round.ts';
import { measureGrowth } from './rows/growth.ts';
import { BARE_PATHS } from './rows/packets.ts';
import type { RecordSample, RowId } from './rows/row.ts';
import { openStage, type Stage } from './stage/stage.ts';
import { SIZES } from './state/size.ts';
import { messageOf } from '../src/model/message-of.ts';

/** The inner half of `npm run bench`, inside the sandbox. */

/** The column for the API server's own part. */
const BARE_WATCH = 'a bare watch';

const root = path.join(import.meta.dirname, '..');
const options = parseOptions(process.argv.slice(2), root);
const own = agentOf(root);
const agents = [
  ...(options.own ? [own] : []),
  ...(options.against === undefined ? [] : [agentOf(path.resolve(options.against), BEFORE)]),
  ...options.agents,
];

const say = (line: string): void => {
  console.error(`bench: ${line}`);
};

const samples = new Map<RowId, Record<string, number[]>>();
const recorder =
  (agent: string): RecordSample =>
  (row, value) => {
    const ofRow = samples.get(row) ?? {};
    samples.set(row, ofRow);
    (ofRow[agent] ??= []).push(value);
  };

const loads: number[] = [];

const measureAll = async (stage: Stage): Promise<void> => {
  for (let round = 0; round < options.samples; round += 1) {
    // Every other round runs in reverse order, so that a drift within a round affects both agents alike.
    for (const agent of round % 2 === 0 ? agents : agents.toReversed()) {
      loads.push(loadavg()[0] ?? 0);
      try {
        await measureRound(stage, agent, options, round, recorder(agent.name), recorder(BARE_WATCH));
      } catch (error) {
        // A failure of one agent is reported, and the other agents still run.
        say(`${agent.name}: ${messageOf(error)}`);
        process.exitCode = 1;
      }
    }
    for (const { name, rule } of options.groups.includes('packets') && round < options.longSamples ? BARE_PATHS : []) {
      await measureBarePath(stage, rule, options.windows, recorder(name));
    }
    if (options.own && options.groups.includes('growth') && round < options.longSamples) {
      await measureGrowth(stage, recorder(own.name));
    }
    say(`round ${String(round + 1)} of ${String(options.samples)}, load ${(loads.at(-1) ?? 0).toFixed(1)}`);
  }
  const measuredAt = new Date().toISOString();
  const load = { least: Math.min(...loads), most: Math.max(...loads) };
  const rows = Object.fromEntries(
    [...samples].map(([row, ofRow]): [RowId, RowResult] => [row, { measuredAt, load, samples: ofRow }]),
  );
  const machine = await describeMachine(createCommandRunner());
  const note = options.note === undefined ? {} : { note: options.note };
  const report = await writeReport(
    options.out,
    { state: options.state, ...note, machine, rows },
    own.name,
    options.tolerance,
  );
  console.log(report.markdown);
  for (const { row, with: other } of report.worse) say(`worse than ${other}: ${row.title}`);
  if (report.worse.length > 0) process.exitCode = 1;
};

const stage = await openStage(SIZES[options.state], say);
try {
  if (options.profile === undefined) await measureAll(stage);
  else await writeProfile(stage, root, options.profile, options);
} finally {
  await stage.close();
}
