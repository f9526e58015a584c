/** In characters. No Kubernetes token is this long; a service account's has about a thousand. */
const MAX_TOKEN = 8192;

/** `Authorization: Bearer b64token` (RFC 6750, section 2.1). */
const BEARER = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i;

/** Returns the token of an Authorization header; undefined if there is no valid one. */
export const bearerToken = (header: string | undefined): string | undefined =>
  header !== undefined && header.length <= MAX_TOKEN ? BEARER.exec(header)?.[1] : undefined;
