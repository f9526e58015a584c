import { PROTOCOLS, type Protocol } from '../../model/protocol.ts';
import { formatAddress, parseAddress } from '../../policy/cidr.ts';
import { MAX_PORT } from '../../policy/parse-port.ts';
import { UsageError } from '../verb.ts';

/** A protocol and a port of a packet. */
export interface ProtocolPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** The parsed text of one end of a connection, not looked up yet. */
export interface TargetText {
  readonly text: string;
  /** `store-back/api`, `deploy/api`, `api.store-back`, an address in canonical form, or `outside`. */
  readonly name: string;
  readonly isAddress: boolean;
  /** The protocol of a URL, TCP otherwise. */
  readonly protocol: Protocol;
  /** The port of a URL, or after a colon. */
  readonly port: number | undefined;
}

/** Default ports of URL schemes (IANA). */
const SCHEMES: ReadonlyMap<string, ProtocolPort | Protocol> = new Map<string, ProtocolPort | Protocol>([
  ['http', { protocol: 'TCP', port: 80 }],
  ['https', { protocol: 'TCP', port: 443 }],
  ['ws', { protocol: 'TCP', port: 80 }],
  ['wss', { protocol: 'TCP', port: 443 }],
  ['dns', { protocol: 'UDP', port: 53 }],
  ['postgres', { protocol: 'TCP', port: 5432 }],
  ['postgresql', { protocol: 'TCP', port: 5432 }],
  ['mysql', { protocol: 'TCP', port: 3306 }],
  ['mongodb', { protocol: 'TCP', port: 27_017 }],
  ['redis', { protocol: 'TCP', port: 6379 }],
  ['amqp', { protocol: 'TCP', port: 5672 }],
  ['nats', { protocol: 'TCP', port: 4222 }],
  ['tcp', 'TCP'],
  ['grpc', 'TCP'],
  ['udp', 'UDP'],
  ['sctp', 'SCTP'],
]);

/** `scheme://user@host:port/path`: the authority of RFC 3986. */
const URL_TEXT = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?:[^@/?#]*@)?(?<authority>[^/?#]+)/i;
const HOST_PORT = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d+))?$/;

const readPort = (text: string, whole: string): number => {
  const port = Number(text);
  if (port < 1 || port > MAX_PORT) throw new UsageError(`${whole}: ${text} is not a port from 1 to ${MAX_PORT}`);
  return port;
};

const readHost = (authority: string, whole: string): { readonly name: string; readonly port: number | undefined } => {
  const { v6, host = '', port } = HOST_PORT.exec(authority)?.groups ?? {};
  const name = v6 ?? host;
  if (name === '') throw new UsageError(`${whole}: expected a host, perhaps with a port, such as api.shop:8080`);
  return { name, port: port === undefined ? undefined : readPort(port, whole) };
};

const textOf = (
  text: string,
  { name, port, protocol }: { name: string; port: number | undefined; protocol: Protocol },
): TargetText => {
  const address = parseAddress(name);
  return {
    text,
    name: address === undefined ? name : formatAddress(address),
    isAddress: address !== undefined,
    protocol,
    port,
  };
};

const readUrl = (text: string, scheme: string, authority: string): TargetText => {
  const meant = SCHEMES.get(scheme.toLowerCase());
  if (meant === undefined) {
    throw new UsageError(`${text}: the scheme ${scheme} is not known; use tcp://HOST:PORT or udp://HOST:PORT`);
  }
  const { name, port } = readHost(authority, text);
  const protocol = typeof meant === 'string' ? meant : meant.protocol;
  const usual = typeof meant === 'string' ? undefined : meant.port;
  if (port === undefined && usual === undefined) throw new UsageError(`${text}: ${scheme}:// needs a port`);
  return textOf(text, { name, port: port ?? usual, protocol });
};

/**
 * Parses a target: a URL, `host:port`, an address, or a name.
 * @throws UsageError if it is none of them
 */
export const readTargetText = (text: string): TargetText => {
  const { scheme, authority } = URL_TEXT.exec(text)?.groups ?? {};
  if (scheme !== undefined && authority !== undefined) return readUrl(text, scheme, authority);
  if (parseAddress(text) !== undefined) return textOf(text, { name: text, port: undefined, protocol: 'TCP' });
  // A colon separates a port; Kubernetes names have none.
  if (text.includes(':')) return textOf(text, { ...readHost(text, text), protocol: 'TCP' });
  return textOf(text, { name: text, port: undefined, protocol: 'TCP' });
};

/** Parses `TCP/80`, `udp/53` or `80`, which is TCP. @throws UsageError for anything else */
export const parseProtocolPort = (text: string): ProtocolPort => {
  const [, protocolText = 'TCP', portText = ''] = /^(?:([A-Za-z]+)\/)?(\d+)$/.exec(text) ?? [];
  const protocol = PROTOCOLS.find((known) => known === protocolText.toUpperCase());
  const port = Number(portText);
  if (protocol === undefined || port < 1 || port > MAX_PORT) {
    throw new UsageError(`--port ${text}: expected TCP/80, UDP/53, SCTP/7777 or a port of TCP`);
  }
  return { protocol, port };
};
