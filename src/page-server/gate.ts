import { createHash, timingSafeEqual } from 'node:crypto';

/** The parts of a request that decide whether it is answered. */
export interface AskedRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`: which page made the browser ask (Fetch Metadata). */
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
}

/** Why a request is not answered. */
export interface Refusal {
  /** The status of HTTP (RFC 9110). */
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/**
 * Decides who may ask the page's server. A link holds a code that is good once; it is exchanged for a token, which the page
 * keeps in memory and sends in a header. No cookie is used: a browser sends those to every port of the machine.
 */
export interface Gate {
  /** Returns the newest code that has not been used. */
  code(): string;
  /** Exchanges a code for a token. @returns undefined for a wrong or used one */
  exchange(code: string): string | undefined;
  /** Refuses what another name of this machine or another page sends. */
  refuseForeign(request: AskedRequest): Refusal | undefined;
  /** Refuses also what has no token. */
  refuse(request: AskedRequest): Refusal | undefined;
}

/** Browsers that may be open at once: the oldest token is forgotten. */
const MAX_TOKENS = 16;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares two secrets in a time that does not depend on where they differ. */
const isSame = (one: Buffer, other: Buffer): boolean => timingSafeEqual(one, other);

const tokenOf = (authorization: string | undefined): string | undefined =>
  /^Bearer ([A-Za-z0-9_-]{20,128})$/.exec(authorization ?? '')?.[1];

export interface GateOptions {
  /** The port of 127.0.0.1 that the server listens on. */
  readonly port: number;
  /** Returns a secret of at least 128 bits. */
  readonly secret: () => string;
  /** Called when a code was used, with the next one. */
  readonly onUsed: (code: string) => void;
}

export const createGate = ({ port, secret, onUsed }: GateOptions): Gate => {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const origins = hosts.map((host) => `http://${host}`);
  let code = secret();
  const tokens: Buffer[] = [];

  const refuseForeign = ({ method, host, origin, fetchSite }: AskedRequest): Refusal | undefined => {
    if (host === undefined || !hosts.includes(host)) {
      return { status: 421, message: `this server answers for ${hosts.join(' and ')} only` };
    }
    if (origin !== undefined && origin !== `http://${host}` && !(method === 'GET' && origins.includes(origin))) {
      return { status: 403, message: 'another page sent this request' };
    }
    if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') {
      return { status: 403, message: 'another page sent this request' };
    }
    if (method !== 'GET' && method !== 'HEAD' && origin === undefined) {
      return { status: 403, message: 'the request names no origin' };
    }
    return undefined;
  };

  return {
    code: () => code,
    exchange(given) {
      if (!isSame(digest(given), digest(code))) return undefined;
      code = secret();
      const token = secret();
      tokens.push(digest(token));
      if (tokens.length > MAX_TOKENS) tokens.shift();
      onUsed(code);
      return token;
    },
    refuseForeign,
    refuse(request) {
      const foreign = refuseForeign(request);
      if (foreign !== undefined) return foreign;
      const token = tokenOf(request.authorization);
      const own = token === undefined ? undefined : digest(token);
      return own !== undefined && tokens.some((known) => isSame(known, own))
        ? undefined
        : { status: 401, message: 'open the link that the command printed' };
    },
  };
};
