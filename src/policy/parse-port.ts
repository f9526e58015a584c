import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import type { FieldPath } from '../model/field-path.ts';
import type { PortSpec } from './parsed.ts';
import { type FaultSink, isAbsent, readObject } from './reader.ts';

/** Ports have 16 bits; 0 is not a port (RFC 6335). */
export const MAX_PORT = 65535;

/** Longest service name (RFC 6335, section 5.1). */
const MAX_NAME = 15;
const NAME = /^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

const isProtocol = (value: unknown): value is Protocol => (PROTOCOLS as readonly unknown[]).includes(value);

const isPortNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PORT;

const show = (value: unknown): string => JSON.stringify(value);

const parseProtocol = (value: unknown, path: FieldPath, sink: FaultSink): Protocol | undefined => {
  if (isAbsent(value)) return 'TCP';
  if (isProtocol(value)) return value;
  sink.report(path, `${show(value)} is not one of ${PROTOCOLS.join(', ')}`);
  return undefined;
};

const parseEndPort = (value: unknown, from: number, path: FieldPath, sink: FaultSink): number | undefined => {
  if (isAbsent(value)) return from;
  if (!isPortNumber(value)) sink.report(path, `${show(value)} is not a port from 1 to ${MAX_PORT}`);
  else if (value < from) sink.report(path, `${value} must not be less than port ${from}`);
  else return value;
  return undefined;
};

/** Reads a NetworkPolicyPort. Without `port` it means every port of the protocol; the default protocol is TCP. */
export const parsePort = (value: unknown, path: FieldPath, sink: FaultSink): PortSpec[] => {
  const fields = readObject(value, path, ['protocol', 'port', 'endPort'], sink);
  if (fields === undefined) return [];
  const { port, endPort } = fields;
  const protocol = parseProtocol(fields.protocol, [...path, 'protocol'], sink);
  if (isAbsent(port) || typeof port === 'string') {
    if (!isAbsent(endPort)) sink.report([...path, 'endPort'], 'needs a numeric port to start from');
    if (protocol === undefined) return [];
    if (isAbsent(port)) return [{ kind: 'range', protocol, from: 1, to: MAX_PORT }];
    if (port.length <= MAX_NAME && NAME.test(port)) return [{ kind: 'named', protocol, name: port }];
    sink.report([...path, 'port'], `${show(port)} is not a port name: at most ${MAX_NAME} of a-z, 0-9 and single "-"`);
    return [];
  }
  if (!isPortNumber(port)) {
    sink.report([...path, 'port'], `${show(port)} is not a port from 1 to ${MAX_PORT}`);
    return [];
  }
  const to = parseEndPort(endPort, port, [...path, 'endPort'], sink);
  return protocol === undefined || to === undefined ? [] : [{ kind: 'range', protocol, from: port, to }];
};
