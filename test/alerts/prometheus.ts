import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { waitFor } from '../support/wait-for.ts';

/** A firing alert. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A Prometheus of its own, on loopback. */
export interface Prometheus {
  firing(): Promise<readonly FiringAlert[]>;
  /** Returns the values of an instant query. @throws Error with what Prometheus says of a bad one */
  query(promql: string): Promise<readonly number[]>;
  stop(): Promise<void>;
}

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

const PORT = 19_090;
const READY_MS = 60_000;

/**
 * Starts a Prometheus that scrapes the targets and evaluates the rules every second.
 * @param folder where it may write
 * @param rules the text of a rule file
 */
export const startPrometheus = async (
  folder: string,
  rules: string,
  targets: readonly string[],
): Promise<Prometheus> => {
  await mkdir(folder, { recursive: true });
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [{ job_name: 'portcullis', static_configs: [{ targets }] }],
  };
  await writeFile(path.join(folder, 'rules.yaml'), rules);
  await writeFile(path.join(folder, 'prometheus.yml'), JSON.stringify(config));
  const lines: string[] = [];
  const running: RunningProcess = await startProcess(
    'prometheus',
    [
      `--config.file=${path.join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${PORT}`,
    ],
    { output: (line) => lines.push(line) },
  );
  const get = async <T>(about: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${PORT}/api/v1/${about}`);
    const answer = (await response.json()) as Answer<T>;
    if (answer.status !== 'success') throw new Error(`${about}: ${answer.error ?? ''}`);
    return answer.data;
  };
  await waitFor(
    'Prometheus',
    READY_MS,
    () => get('rules').catch(() => undefined),
    () => lines.join('\n'),
  );
  return {
    async firing() {
      const { alerts } = await get<{ readonly alerts: readonly (FiringAlert & { readonly state: string })[] }>(
        'alerts',
      );
      return alerts.filter(({ state }) => state === 'firing');
    },
    async query(promql) {
      const { result } = await get<{ readonly result: readonly { readonly value: readonly [number, string] }[] }>(
        `query?query=${encodeURIComponent(promql)}`,
      );
      return result.map(({ value }) => Number(value[1]));
    },
    stop: async () => {
      await running.stop();
    },
  };
};
