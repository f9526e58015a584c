import type { KnownOpen } from './run/judge.ts';

/** Where attacks get through; everywhere if nothing is said. */
type Where = Pick<KnownOpen, 'networks' | 'family'>;

const open = (reason: string, where: Where, attacks: readonly string[]): readonly KnownOpen[] =>
  attacks.map((attack) => ({ attack, reason, ...where }));

/**
 * Attacks that get through today and are to be closed. The test of an entry fails as soon as the attack does not get through
 * any more: then the entry goes.
 */
export const KNOWN_OPEN: readonly KnownOpen[] = [
  ...open(
    'ports of pods with results are not taken for isolated where the API has another UID',
    { networks: ['bridge'] },
    [
      'addresses/link-local-udp',
      'addresses/link-local-tcp',
      'addresses/link-local-out',
      'addresses/link-local-source',
      'addresses/link-local-v4',
      'addresses/unknown-source-in-range',
      'addresses/destination-is-anothers',
      'addresses/destination-is-nobodys',
      'addresses/unicast-in-broadcast',
      'addresses/unicast-in-multicast',
      'addresses/unknown-unicast',
      'addresses/group-in-unicast',
      'addresses/loopback-as-destination',
      'addresses/nothing-as-destination',
      'multicast/all-hosts',
      'multicast/mdns',
      'multicast/ssdp',
      'multicast/directed-broadcast',
      'multicast/limited-broadcast',
      'multicast/all-nodes-v6',
      'multicast/mdns-v6',
      'multicast/site-v6',
      'multicast/solicited-node',
      'multicast/igmp-in',
      'multicast/mld-report-out',
      'multicast/mld-query-in',
      'multicast/dhcp-offer',
      'arp/operation-as-channel',
      'arp/reverse',
      'arp/other-lengths',
      'neighbours/router',
      'neighbours/router-with-resolver',
      'neighbours/router-out',
      'neighbours/solicitation-of-routers-out',
      'neighbours/data-as-target',
      'neighbours/router-behind-options',
      'neighbours/router-behind-hop-by-hop',
      'neighbours/router-atomic',
      'neighbours/report-to-one',
      'frames/vlan-0',
      'frames/vlan-5',
      'frames/service-vlan',
      'frames/two-tags',
      'frames/mixed-tags',
      'frames/old-tags',
      'frames/vlan-out',
      'frames/bpdu',
      'frames/pvst',
      'frames/lldp-unicast',
      'frames/eapol-unicast',
      'frames/experimental',
      'frames/nonsense',
      'frames/loopback',
      'frames/macsec',
      'frames/bridging',
      'frames/llc',
      'frames/snap',
      'frames/pppoe',
      'frames/mpls',
      'frames/type-out',
      'frames/bpdu-out',
      'hardware/own-address-other-hardware',
      'sources/this-network-out',
      'sources/metadata-out',
      'sources/unspecified-v6-out',
    ],
  ),
  ...open('IPv6 addresses of peers on other nodes may be claimed', {}, [
    'neighbours/claim-of-far-peer',
  ]),
  ...open(
    'ports of pods with results are not taken for isolated where the API has another UID',
    { networks: ['bridge'] },
    ['foreign/link-local', 'foreign/link-local-out', 'foreign/made-up', 'foreign/group', 'foreign/by-the-node'],
  ),
];
