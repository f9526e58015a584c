import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Alert, ALERTS } from '../../scripts/manifests/monitoring/alerts.ts';
import { rulesText } from '../../scripts/manifests/monitoring/rules-text.ts';
import type { CommandRunner } from '../../src/kernel/command.ts';
import { ALERT_CASES, type AlertCase, FAULTY_FROM, FAULTY_UNTIL } from './promtool-cases.ts';

/** Minute at which each alert fires: the longest `for` and window of a slow one, after the fault began. */
const FIRES_AT = FAULTY_FROM + 25;
/** Minute at which each alert is resolved: the longest window, an hour, after the fault was over. */
const RESOLVED_AT = FAULTY_UNTIL + 75;

const minutesOf = ({ for: duration }: Alert): number => Number(duration.replace('m', ''));

/** Returns a test of promtool: quiet before the fault, quiet while it is shorter than `for`, then firing, then resolved. */
const testOf = ({ alert: name, series }: AlertCase): object => {
  const alert = ALERTS.find((each) => each.name === name);
  if (alert === undefined) throw new Error(`no alert is called ${name}`);
  const at = (minute: number, firing: boolean): object => ({
    expr: `count by (alertname, severity) (ALERTS{alertname="${name}",alertstate="firing"})`,
    eval_time: `${minute}m`,
    exp_samples: firing ? [{ labels: `{alertname="${name}", severity="${alert.severity}"}`, value: 1 }] : [],
  });
  const waits = minutesOf(alert);
  return {
    name,
    interval: '1m',
    input_series: series,
    promql_expr_test: [
      at(FAULTY_FROM - 1, false),
      ...(waits > 1 ? [at(FAULTY_FROM + waits - 1, false)] : []),
      at(FIRES_AT, true),
      at(RESOLVED_AT, false),
    ],
  };
};

/**
 * Tests each alert with promtool. @returns the number of tests
 * @throws CommandError with what promtool says; Error for an alert without a test
 */
export const testByPromtool = async ({ run }: Pick<CommandRunner, 'run'>): Promise<number> => {
  const untested = ALERTS.filter(({ name }) => !ALERT_CASES.some(({ alert }) => alert === name));
  if (untested.length > 0) throw new Error(`no test of ${untested.map(({ name }) => name).join(', ')}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-alerts-'));
  try {
    await writeFile(path.join(folder, 'rules.yaml'), rulesText(ALERTS));
    // JSON is YAML.
    const tests = { rule_files: ['rules.yaml'], evaluation_interval: '1m', tests: ALERT_CASES.map(testOf) };
    await writeFile(path.join(folder, 'tests.yaml'), JSON.stringify(tests));
    await run('promtool', ['check', 'rules', path.join(folder, 'rules.yaml')]);
    await run('promtool', ['test', 'rules', path.join(folder, 'tests.yaml')], { timeoutMs: 600_000 });
    return ALERT_CASES.length;
  } finally {
    await rm(folder, { recursive: true });
  }
};
