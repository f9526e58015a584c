import type { IncomingHttpHeaders } from 'node:http';
import { createDecisions, type Decision, type DecisionLimits } from './access/decisions.ts';
import { bearerToken } from './access/bearer-token.ts';
import { createRate, type RateLimits } from './rate.ts';
import { messageOf } from '../model/message-of.ts';

/** Whether a request may be answered: 401 asks for another token, 403 for other rights, 503 could not be found out. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly status: 401 | 403 | 503; readonly reason: string };

/** Says who may read what. Never throws. */
export interface Access {
  admit(headers: IncomingHttpHeaders, path: string): Promise<Admission>;
}

/**
 * Asks whoever knows tokens and rights.
 * @throws where the answer cannot be had
 */
export type Review = (token: string, path: string) => Promise<Decision>;

/** Asked by people and scripts without a token. They tell that the agent is well, and why if it is not. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Scrapers are few: what they were told holds for a while, and those with made-up tokens cannot push it out. */
const LIMITS: Readonly<Record<'allowed' | 'refused', DecisionLimits>> = {
  allowed: { entries: 256, lifetimeMs: 60_000 },
  refused: { entries: 256, lifetimeMs: 10_000 },
};

/** Questions to the API server, so that nobody can make a node's agent flood it. */
const QUESTIONS: RateLimits = { burst: 20, perSecond: 5 };
const MOST_AT_ONCE = 4;

const ADMITTED: Admission = { admitted: true };

const refuse = (status: 401 | 403 | 503, reason: string): Admission => ({ admitted: false, status, reason });

const BUSY = refuse(503, 'too many tokens are being asked about');

const ADMISSION: Readonly<Record<Decision, (path: string) => Admission>> = {
  allowed: () => ADMITTED,
  unauthenticated: () => refuse(401, 'the API server does not know this token'),
  forbidden: (path) => refuse(403, `this token may not get ${path}`),
};

export interface AccessDeps {
  readonly review: Review;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told when nobody can be asked, once, and with undefined when somebody can again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Bearer tokens, reviewed. Whatever cannot be found out is refused. */
export const createTokenAccess = ({ review, now, onTrouble }: AccessDeps): Access => {
  const allowed = createDecisions(LIMITS.allowed, now);
  const refused = createDecisions(LIMITS.refused, now);
  const rate = createRate(QUESTIONS, now);
  let asking = 0;
  let troubled = false;

  const ask = async (token: string, path: string): Promise<Admission> => {
    if (asking >= MOST_AT_ONCE || rate.take() === undefined) return BUSY;
    asking += 1;
    try {
      const decision = await review(token, path);
      (decision === 'allowed' ? allowed : refused).put(token, path, decision);
      if (troubled) onTrouble(undefined);
      troubled = false;
      return ADMISSION[decision](path);
    } catch (error) {
      if (!troubled) onTrouble(messageOf(error));
      troubled = true;
      return refuse(503, 'the API server cannot be asked about this token');
    } finally {
      asking -= 1;
    }
  };

  return {
    async admit(headers, path) {
      if (OPEN_PATHS.has(path)) return ADMITTED;
      const token = bearerToken(headers.authorization);
      if (token === undefined) return refuse(401, 'a bearer token is needed');
      const known = allowed.get(token, path) ?? refused.get(token, path);
      return known === undefined ? ask(token, path) : ADMISSION[known](path);
    },
  };
};

/** Everybody may read everything. */
export const OPEN_ACCESS: Access = { admit: () => Promise.resolve(ADMITTED) };
