import { Counter, Gauge, type Registry } from 'prom-client';

const MICROSECONDS_PER_SECOND = 1_000_000;
const MS_PER_SECOND = 1000;

/**
 * Registers the process metrics that dashboards expect, under Prometheus' usual names. They are read only at a scrape:
 * prom-client's own collection has timers and observers that cost an idle agent more than its work does.
 */
export const registerProcessMetrics = (registry: Registry): void => {
  const registers = [registry];
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time of the agent process in seconds, without its child processes.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / MICROSECONDS_PER_SECOND);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the agent process in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Unix time at which the agent process started.',
    registers,
  }).set(Math.round(performance.timeOrigin) / MS_PER_SECOND);
};
