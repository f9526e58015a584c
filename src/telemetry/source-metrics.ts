import { Counter, Gauge, type Registry } from 'prom-client';

/** The state of one kind of object in the cluster source. */
export interface SourceSample {
  /** `pods`, `namespaces` or `networkpolicies`. */
  readonly kind: string;
  /** Whether the first full list is in. */
  readonly synced: boolean;
  /** Number of failures of lists or watches since the start. */
  readonly restarts: number;
  /** Unix time in seconds of the last data from the API server; undefined before the first. */
  readonly lastHeardSeconds: number | undefined;
}

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
  new Gauge({
    name: 'portcullis_source_last_heard_timestamp_seconds',
    help: 'Unix time at which the API server last sent data. The enforced state may be that old. Up to 76 s ago in health, so alert above 180 s.',
    labelNames,
    registers,
    collect() {
      for (const { kind, lastHeardSeconds } of sample()) {
        if (lastHeardSeconds !== undefined) this.set({ kind }, lastHeardSeconds);
      }
    },
  });
};
