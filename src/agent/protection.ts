import { createTokenReview } from '../cluster/access/token-review.ts';
import { createTokenAccess } from '../telemetry/access.ts';
import type { ServerSettings } from '../telemetry/server.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';

/** Returns who may read what is served, and how the transport is protected. */
export const createProtection = (context: AgentContext): ServerSettings => {
  const { config, clock, log } = context;
  const { metricsAuth, tls } = config;
  const connect = metricsAuth === 'kubernetes' ? findApiServer(context) : undefined;
  const told =
    (again: string, trouble: string) =>
    (what: string | undefined): void => {
      if (what === undefined) log.info(again);
      else log.warn(trouble, { trouble: what });
    };
  return {
    ...(connect === undefined
      ? {}
      : {
          access: createTokenAccess({
            review: createTokenReview(connect),
            now: clock.now,
            onTrouble: told('TokenReview works again', 'denying metrics requests: TokenReview failed'),
          }),
        }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            files: tls,
            onTrouble: told(
              'the new certificate is in use',
              'cannot use the new certificate; the old one stays in use',
            ),
          },
        }),
  };
};
