import type { ReviewResult } from '../reconcile/review.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

/** Turns each look through the live connections into metrics and log lines; a trouble is logged when it begins and ends. */
export const createReviewObserver = (metrics: AgentMetrics, log: Logger): ((result: ReviewResult) => void) => {
  let trouble: string | undefined;
  return ({ cut, durationMs, error }) => {
    metrics.recordConnectionsCut(cut);
    const milliseconds = Math.round(durationMs);
    if (cut > 0) log.info('live connections that policy denies now are cut', { connections: cut, milliseconds });
    if (error !== undefined && error !== trouble) {
      log.warn('live connections cannot be held to the newest policy; trying again', { error });
    } else if (error === undefined && trouble !== undefined) {
      log.info('live connections are held to the newest policy again');
    }
    trouble = error;
  };
};
