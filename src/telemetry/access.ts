import type { IncomingHttpHeaders } from 'node:http';
import { createDecisions, type Decision, type DecisionLimits } from './access/decisions.ts';
import { bearerToken } from './access/bearer-token.ts';
import { createRate, type RateLimits } from './rate.ts';
import { messageOf } from '../model/message-of.ts';

/** The decision about a request: 401 asks for another token, 403 for other rights, 503 means that it is not known. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly status: 401 | 403 | 503; readonly reason: string };

/** Decides who may read which path. Never throws. */
export interface Access {
  admit(headers: IncomingHttpHeaders, path: string): Promise<Admission>;
}

/**
 * Reviews a token and its rights.
 * @throws if there is no answer
 */
export type Review = (token: string, path: string) => Promise<Decision>;

/** Paths that people and scripts may read without a token. They say whether the agent is well, and why not. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/**
 * Limits of cached decisions. Scrapers are few; made-up tokens have limits of their own, so that they cannot evict real
 * ones.
 */
const LIMITS: Readonly<Record<'allowed' | 'refused', DecisionLimits>> = {
  allowed: { entries: 256, lifetimeMs: 60_000 },
  refused: { entries: 256, lifetimeMs: 10_000 },
};

/** Limits of reviews, so that no client can make a node's agent flood the API server. */
const QUESTIONS: RateLimits = { burst: 20, perSecond: 5 };
const MOST_AT_ONCE = 4;

const ADMITTED: Admission = { admitted: true };

const refuse = (status: 401 | 403 | 503, reason: string): Admission => ({ admitted: false, status, reason });

const BUSY = refuse(503, 'too many tokens are under review');

const ADMISSION: Readonly<Record<Decision, (path: string) => Admission>> = {
  allowed: () => ADMITTED,
  unauthenticated: () => refuse(401, 'the API server does not know this token'),
  forbidden: (path) => refuse(403, `this token may not get ${path}`),
};

export interface AccessDeps {
  readonly review: Review;
  /** Returns monotonic milliseconds. */
  readonly now: () => number;
  /** Called once when reviews fail, and with undefined when they work again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Reviews bearer tokens. Denies requests if the review fails. */
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
      return refuse(503, 'the API server cannot review this token');
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

/** Lets everybody read everything. */
export const OPEN_ACCESS: Access = { admit: () => Promise.resolve(ADMITTED) };
