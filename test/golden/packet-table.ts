/** The protocols of the table by their usual names. */
const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp', ICMP: 'icmp', ICMPv6: 'ipv6-icmp' } as const;

/**
 * The traits of packets other than those that open a connection through FORWARD. `link`: it has the required hop limit
 * of its ICMPv6 type and so came by a bridge. `raw`: it goes to its own sender without a Service. `about`: it is an
 * error about the named connection.
 */
const TRAITS = ['established', 'stray', 'output', 'link', 'raw', 'about'] as const;

export type Trait = (typeof TRAITS)[number];

/** A line of packets.txt: `FROM TO PROTOCOL[/NUMBER][:TRAIT[(CLIENT>SERVER)]] allow|deny`. */
export interface PacketRow {
  readonly text: string;
  /** `namespace/pod`, with `@6` for its IPv6 address, `node/NAME`, or an address. */
  readonly from: string;
  readonly to: string;
  readonly protocol: (typeof PROTOCOLS)[keyof typeof PROTOCOLS];
  /** Destination port, or ICMP type. */
  readonly number: number | undefined;
  readonly trait: Trait | undefined;
  /** Client and server of the connection that an error is about, named as `from` and `to` are. */
  readonly about: readonly [client: string, server: string] | undefined;
  readonly verdict: 'allow' | 'deny';
}

const ROW = /^(\S+) +(\S+) +([A-Za-z0-9]+)(?:\/(\d+))?(?::(\w+)(?:\(([^>]+)>([^)]+)\))?)? +(allow|deny)$/;

const isProtocol = (text: string): text is keyof typeof PROTOCOLS => Object.hasOwn(PROTOCOLS, text);

const isTrait = (text: string): text is Trait => TRAITS.some((trait) => trait === text);

const readRow = (text: string): PacketRow => {
  const [, from = '', to = '', protocol = '', number, trait, client, server, verdict] = ROW.exec(text) ?? [];
  if (!isProtocol(protocol) || (trait !== undefined && !isTrait(trait))) throw new Error(`not a packet: ${text}`);
  return {
    text: text.replaceAll(/ +/g, ' '),
    from,
    to,
    protocol: PROTOCOLS[protocol],
    number: number === undefined ? undefined : Number(number),
    trait,
    about: client === undefined || server === undefined ? undefined : [client, server],
    verdict: verdict === 'allow' ? 'allow' : 'deny',
  };
};

/** Reads packets.txt; lines that begin with `#` are comments. */
export const readPackets = (text: string): readonly PacketRow[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readRow);
