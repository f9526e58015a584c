import { PROTOCOLS, type Protocol } from '../../model/protocol.ts';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { servicePortOf } from '../resolve/backends.ts';
import type { Endpoint } from '../resolve/resolve.ts';
import { type ProtocolPort, readTargetText, type TargetText } from '../resolve/target-text.ts';
import { UsageError } from '../verb.ts';

/** A protocol behind a port: `shop/dns:53/UDP`. What comes before it names no scheme. */
const WITH_PROTOCOL = /^(?<rest>(?!.*:\/\/).*:\d+)\/(?<protocol>[A-Za-z]+)$/;

/**
 * Takes `TO[:PORT[/PROTO]]` apart.
 * @throws UsageError where it is none
 */
export const readDestination = (text: string): TargetText => {
  const { rest, protocol } = WITH_PROTOCOL.exec(text)?.groups ?? {};
  if (rest === undefined || protocol === undefined) return readTargetText(text);
  const known: Protocol | undefined = PROTOCOLS.find((each) => each === protocol.toUpperCase());
  if (known === undefined) throw new UsageError(`${text}: ${protocol} is not one of ${PROTOCOLS.join(', ')}`);
  return { ...readTargetText(rest), text, protocol: known };
};

const declaredBy = (endpoint: Endpoint): readonly ProtocolPort[] => {
  if (endpoint.kind !== 'pods') return [];
  const all = endpoint.pods.flatMap(({ ports }) => ports.map(({ protocol, port }) => ({ protocol, port })));
  return [...new Map(all.map((each) => [`${each.protocol} ${each.port}`, each])).values()];
};

/**
 * Returns the port in question: the one that the user typed, or the only one.
 * @throws UsageError where that does not name one
 */
export const portOf = (target: TargetText, to: Endpoint): ProtocolPort => {
  if (target.port !== undefined) return { protocol: target.protocol, port: target.port };
  const declared = declaredBy(to);
  const only = to.kind === 'service' ? to.backends.onlyPort : declared.length === 1 ? declared[0] : undefined;
  if (only !== undefined) return only;
  const known = declared.map(({ protocol, port }) => `${port}/${protocol}`).join(', ');
  const hint = known === '' ? '' : `; its pods declare ${known}`;
  throw new UsageError(`${target.text} needs a port, such as ${target.text}:80 or ${target.text}:53/UDP${hint}`);
};

/** Says that a port is a Service's, where the pods themselves declare another one; undefined where it is not. */
export const misdirected = (
  { services }: LoadedManifests,
  target: TargetText,
  to: Endpoint,
  packet: ProtocolPort,
): string | undefined => {
  if (to.kind !== 'pods') return undefined;
  const found = servicePortOf(services, to.pods, packet);
  return found?.replace(/ask with --to (\S+),/, `ask for $1:${packet.port} instead of ${target.name},`);
};
