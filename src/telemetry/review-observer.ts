import type { ReviewResult } from '../reconcile/review.ts';
import { type CutEdgesParts, describeCut } from '../records/cut-edges.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

/** Reports each connection review as metrics and log lines; a failure is logged when it begins and ends. */
export const createReviewObserver = (
  metrics: AgentMetrics,
  log: Logger,
  parts: CutEdgesParts,
): ((result: ReviewResult) => void) => {
  let trouble: string | undefined;
  return ({ cut, connections, durationMs, error, isOfSome }) => {
    metrics.recordConnectionsCut(cut);
    const milliseconds = Math.round(durationMs);
    if (cut > 0) {
      const edges = describeCut(connections, parts);
      log.info('cut live connections that policy now denies', { connections: cut, edges, milliseconds });
    }
    if (isOfSome === true) return;
    if (error !== undefined && error !== trouble) {
      log.warn('the review of live connections failed; retrying', { error });
    } else if (error === undefined && trouble !== undefined) {
      log.info('the review of live connections works again');
    }
    trouble = error;
  };
};
