import { addressText } from './address-text.ts';
import { LOCAL } from './host-routes.ts';

/** Parses /proc/net/fib_trie: each address has a line of its own, and the line below says what it is to the node. */
export const ownIpv4Addresses = (fibTrie: string): ReadonlySet<string> => {
  const own = new Set<string>();
  let address = '';
  for (const line of fibTrie.split('\n')) {
    const [, found] = /\|-- (\S+)$/.exec(line) ?? [];
    if (found !== undefined) address = found;
    else if (line.includes('/32 host LOCAL')) own.add(address);
  }
  return own;
};

/** Parses /proc/net/ipv6_route: first destination and prefix length in hexadecimal; the ninth word has the flags. */
export const ownIpv6Addresses = (routes: string): ReadonlySet<string> => {
  const own = new Set<string>();
  for (const line of routes.split('\n')) {
    const words = line.trim().split(/\s+/);
    const [destination = '', prefix] = words;
    if (prefix !== '80' || (Number.parseInt(words[8] ?? '0', 16) & LOCAL) === 0) continue;
    const bytes = destination.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
    own.add(addressText(Uint8Array.from(bytes)));
  }
  return own;
};
