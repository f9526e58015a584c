import { CONDITIONS } from '../test/strange/catalogue/all.ts';
import { openReport } from '../test/strange/run/report-files.ts';
import { type Row, tryCondition } from '../test/strange/run/try-condition.ts';
import { debianToolsIn, type DebianTools, type Release, RELEASES } from '../test/strange/tools/debian-tools.ts';
import { endOnSignals } from './end-on-signals.ts';
import { parseOptions } from './strange/options.ts';

/** The inner half of `npm run strange`, inside the sandbox. */

endOnSignals();
const { only, quick, backends, report } = parseOptions(process.argv.slice(2));

const tools = new Map<Release, DebianTools>();
const cache = process.env['PORTCULLIS_DEBIAN_TOOLS'] ?? '';
for (const release of cache === '' ? [] : RELEASES) {
  const found = await debianToolsIn(cache, release);
  if (found !== undefined) tools.set(release, found);
}

const chosen = only
  .split(',')
  .flatMap((part) => CONDITIONS.filter(({ name }) => name.includes(part)))
  .filter((condition) => !quick || condition.quick === true);
const rows: Row[] = [];
const files = report === undefined ? undefined : await openReport(report);
for (const condition of chosen) {
  for (const backend of backends.filter((each) => condition.backends?.includes(each) ?? true)) {
    const startedAt = performance.now();
    const row = await tryCondition(condition, backend, tools);
    rows.push(row);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`strange: ${row.condition} (${backend}): ${row.outcome}, ${seconds} s`);
    for (const why of row.why) console.log(`  ${why}`);
    // After each: a run that is ended has a report of what it had seen.
    await files?.add(row);
  }
}

const bad = rows.filter(({ outcome }) => outcome === 'does not hold').length;
console.log(`strange: ${rows.length} runs, ${bad} not as they should be`);
process.exitCode = bad === 0 ? 0 : 1;
