import { PROTOCOLS, type Protocol } from '../../model/protocol.ts';
import { MAX_PORT } from '../../policy/parse-port.ts';
import { UsageError } from '../verb.ts';

/** A protocol and port, as `--port` names them. */
export interface Target {
  readonly protocol: Protocol;
  readonly port: number;
}

/** Reads `TCP/80`, `udp/53` or `80`, which is TCP. @throws UsageError for anything else. */
export const parseTarget = (text: string): Target => {
  const [, protocolText = 'TCP', portText = ''] = /^(?:([A-Za-z]+)\/)?(\d+)$/.exec(text) ?? [];
  const protocol = PROTOCOLS.find((known) => known === protocolText.toUpperCase());
  const port = Number(portText);
  if (protocol === undefined || port < 1 || port > MAX_PORT) {
    throw new UsageError(`--port ${text}: expected TCP/80, UDP/53, SCTP/7777 or a port of TCP`);
  }
  return { protocol, port };
};
