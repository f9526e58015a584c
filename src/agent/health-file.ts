import { uptime } from 'node:os';
import { followHealth, type HealthFile } from '../telemetry/health-file.ts';
import type { AgentContext } from './context.ts';
import type { Probes } from './probes.ts';

interface AgentHealth {
  /** The given probes; each call also updates the file, so that the two never differ for longer than a write takes. */
  readonly probes: Pick<Probes, 'health' | 'ready'>;
  stop(): Promise<void>;
}

/** Keeps the health file, if there is one. */
export const createHealthFile = ({ config, clock, log }: AgentContext, probes: Probes): AgentHealth => {
  const { healthFile: file } = config;
  if (file === undefined) return { probes, stop: () => Promise.resolve() };
  const kept: HealthFile = followHealth({
    file,
    ...probes,
    uptimeMs: () => uptime() * 1000,
    clock,
    onTrouble(trouble) {
      if (trouble === undefined) log.info('writing the health file works again');
      else log.warn('cannot write the health file; probes that read it fail', { trouble });
    },
  });
  const asked =
    <Answer>(ask: () => Answer) =>
    (): Answer => {
      kept.refresh();
      return ask();
    };
  return { probes: { health: asked(probes.health), ready: asked(probes.ready) }, stop: () => kept.stop() };
};
