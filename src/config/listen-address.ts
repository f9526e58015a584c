import { isIPv4, isIPv6 } from 'node:net';

/** A TCP address to listen on. */
export interface ListenAddress {
  /** An IP address or host name; undefined means all addresses of both families. */
  readonly host: string | undefined;
  /** 0 lets the kernel choose a free port. */
  readonly port: number;
}

const MAX_PORT = 65_535;

const HOST_NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

const isHost = (host: string): boolean => isIPv4(host) || (HOST_NAME.test(host) && !/^[\d.]+$/.test(host));

/**
 * Reads `host:port`, `[address]:port` or `:port`, and `0` or `off` for no address. Brackets are allowed around an address of
 * either family, so that a template need not know which one it inserts.
 * @returns undefined for an invalid text
 */
export const readListenAddress = (text: string): ListenAddress | 'off' | undefined => {
  if (text === '0' || text === 'off') return 'off';
  const [, address, name, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > MAX_PORT) return undefined;
  if (address !== undefined) return isIPv6(address) || isIPv4(address) ? { host: address, port } : undefined;
  if (name === undefined || name === '') return { host: undefined, port };
  return isHost(name) ? { host: name, port } : undefined;
};
