import { Counter, Gauge, type Registry } from 'prom-client';

/** The state of one kind of object in the cluster source. */
export interface SourceSample {
  /** `pods`, `namespaces` or `networkpolicies`. */
  readonly kind: string;
  /** Whether the first full list is in. */
  readonly synced: boolean;
  /** Number of failures of lists or watches since the start. */
  readonly restarts: number;
  /** The same by code, see failureCode. */
  readonly errors: Readonly<Record<string, number>>;
  /** Whether the last list or watch failed, and none has worked since. */
  readonly isFailing: boolean;
  /** Unix time in seconds of the last data from the API server; undefined before the first. */
  readonly lastHeardSeconds: number | undefined;
}

/** The codes that have a series from the start, so that the first failure is an increase. */
const USUAL_CODES = ['401', '403', '410', '429', '500', '503', 'silence', 'invalid', 'history', 'connection'];

/** Registers the metrics of cluster sources, read from `sample` at each scrape: stored values would be old by then. */
export const registerSourceMetrics = (registry: Registry, sample: () => readonly SourceSample[]): void => {
  const registers = [registry];
  const labelNames = ['kind'] as const;
  new Gauge({
    name: 'portcullis_source_has_synced',
    help: '1 after the first full list of this kind was received.',
    labelNames,
    registers,
    collect() {
      for (const { kind, synced } of sample()) this.set({ kind }, synced ? 1 : 0);
    },
  });
  new Counter({
    name: 'portcullis_source_restarts_total',
    help: 'Number of lists and watches that failed and were restarted.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { kind, restarts } of sample()) this.inc({ kind }, restarts);
    },
  });
  new Counter({
    name: 'portcullis_source_errors_total',
    help: 'Number of failed lists and watches, by HTTP status or by kind of failure: silence, connection, invalid, history.',
    labelNames: ['kind', 'code'],
    registers,
    collect() {
      this.reset();
      for (const { kind, errors } of sample()) {
        for (const code of USUAL_CODES) this.inc({ kind, code }, 0);
        for (const [code, count] of Object.entries(errors)) this.inc({ kind, code }, count);
      }
    },
  });
  new Gauge({
    name: 'portcullis_source_is_failing',
    help: '1 while lists or watches of this kind fail. The last known state stays in force, and newer changes are not known.',
    labelNames,
    registers,
    collect() {
      for (const { kind, isFailing } of sample()) this.set({ kind }, isFailing ? 1 : 0);
    },
  });
  new Gauge({
    name: 'portcullis_source_last_heard_timestamp_seconds',
    help: 'Unix time at which the API server last sent data. The enforced state may be that old. Up to 76 s ago in health, or up to 11 min where the server sends no bookmarks.',
    labelNames,
    registers,
    collect() {
      for (const { kind, lastHeardSeconds } of sample()) {
        if (lastHeardSeconds !== undefined) this.set({ kind }, lastHeardSeconds);
      }
    },
  });
};
