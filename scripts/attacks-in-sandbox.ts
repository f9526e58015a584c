import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ATTACKS } from '../test/attacks/catalogue/all.ts';
import { attackSetting } from '../test/attacks/run/attack-setting.ts';
import { type ReportRow, reportJson, reportRows, reportText } from '../test/attacks/run/report.ts';
import { settingName } from '../test/attacks/stage/setting.ts';
import { parseOptions } from './attacks/options.ts';
import { endOnSignals } from './end-on-signals.ts';
import { messageOf } from '../src/model/message-of.ts';

/** The inner half of `npm run attacks`, inside the sandbox. */

endOnSignals();
const { settings, only, quick, report } = parseOptions(process.argv.slice(2));
const attacks = ATTACKS.filter(({ name, slow }) => name.includes(only) && !(quick && slow === true));

const told: ReportRow[] = [];
let failed = false;
for (const setting of settings) {
  try {
    const rows = reportRows(await attackSetting(setting, attacks), attacks);
    told.push(...rows);
    const bad = rows.filter(({ outcome }) => outcome !== 'kept out' && outcome !== 'cannot be held');
    if (bad.length > 0) failed = true;
    console.log(`attacks: ${settingName(setting)}: ${rows.length} tries, ${bad.length} not as they should be`);
    for (const row of bad) console.log(`  ${row.attack} by ${row.family}: ${row.outcome}`);
  } catch (error) {
    failed = true;
    console.log(`attacks: ${settingName(setting)}: ${messageOf(error)}`);
  }
}
if (report !== undefined) {
  await mkdir(report, { recursive: true });
  await writeFile(path.join(report, 'report.md'), reportText(told));
  await writeFile(path.join(report, 'report.json'), reportJson(told));
}
process.exitCode = failed ? 1 : 0;
