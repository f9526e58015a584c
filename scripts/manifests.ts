import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandError } from '../src/kernel/command.ts';
import { chartDigest } from './manifests/chart-digest.ts';
import { ensureHelm } from './manifests/ensure-helm.ts';
import { createHelm } from './manifests/helm-chart.ts';
import { findKubectl } from './manifests/kubectl.ts';
import { kustomize } from './manifests/kustomize.ts';
import { ALERTS } from './manifests/monitoring/alerts.ts';
import { dashboardText, ROWS } from './manifests/monitoring/dashboard.ts';
import { prometheusRuleText, rulesText } from './manifests/monitoring/rules-text.ts';
import { PATHS } from './manifests/paths.ts';

/**
 * `npm run manifests`: writes the alerts and the dashboard into their components and into the chart, renders manifests/base to manifests/portcullis.yaml, and the chart with each file of values in
 * test/manifests/values to test/manifests/rendered. Values in test/manifests/refused must be refused, on the Kubernetes
 * version in their first line. Tests then need neither Helm nor this command: they compare the rendered files, whose
 * digest shows that they are the chart's.
 */

const say = (line: string): void => {
  console.error(`manifests: ${line}`);
};

const yamlFiles = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted();

/** Writes what scripts/manifests/monitoring says, twice: kustomize and Helm each read their own folder alone. */
const writeMonitoring = async (): Promise<void> => {
  const { version } = JSON.parse(await readFile(PATHS.package, 'utf8')) as { readonly version: string };
  await mkdir(path.dirname(PATHS.chartAlerts), { recursive: true });
  await writeFile(PATHS.prometheusRule, prometheusRuleText(ALERTS, version));
  await writeFile(PATHS.chartAlerts, rulesText(ALERTS));
  await writeFile(PATHS.dashboard, dashboardText(ROWS));
  await writeFile(PATHS.chartDashboard, dashboardText(ROWS));
  say('alerts and dashboard');
};

try {
  await writeMonitoring();
  await writeFile(PATHS.rendered, await kustomize(await findKubectl(say), PATHS.base));
  say('manifests/portcullis.yaml');

  const helm = createHelm(await ensureHelm(say));
  await helm.lint();
  await rm(PATHS.renderedCharts, { recursive: true, force: true });
  await mkdir(PATHS.renderedCharts, { recursive: true });
  for (const name of await yamlFiles(PATHS.values)) {
    const text = await helm.template(path.join(PATHS.values, name));
    await writeFile(path.join(PATHS.renderedCharts, name), text);
    say(`chart with ${name}`);
  }
  for (const name of await yamlFiles(PATHS.refusedValues)) {
    const file = path.join(PATHS.refusedValues, name);
    const [, kubernetes] = /^# Kubernetes (\S+)$/m.exec(await readFile(file, 'utf8')) ?? [];
    const reason = await helm.refusal(file, kubernetes);
    await writeFile(path.join(PATHS.renderedCharts, name.replace(/\.yaml$/, '.txt')), reason);
    say(`chart refuses ${name}`);
  }
  await writeFile(PATHS.chartDigest, `${await chartDigest()}\n`);
} catch (error) {
  console.error(error instanceof CommandError ? `${error.stderr}\n${error.message}` : error);
  process.exitCode = 1;
}
