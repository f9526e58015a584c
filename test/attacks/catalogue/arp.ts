import { addressBytes, u16 } from '../frames/bytes.ts';
import { arp, type ArpParts, BROADCAST_MAC, ETHER, ethernet } from '../frames/ethernet.ts';
import { type Attack, BRIDGES, type Form, V4 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import { FAR_NOBODY, gatewayAddress, type Machine } from '../stage/cast.ts';

const NO_MAC = '00:00:00:00:00:00';

/** How an ARP packet differs from what its sender would honestly write, and where its frame goes. */
interface ArpLies {
  readonly senderIp?: string;
  readonly senderMac?: string;
  readonly targetIp?: string;
  readonly operation?: number;
  readonly mac?: string;
  readonly type?: number;
}

/** Sends ARP to the receiver's address with the token behind it, where Ethernet pads a frame to 60 bytes anyway. */
const speak =
  (lies: (play: Play, from: Machine, to: Machine) => ArpLies = () => ({})): Form =>
  (play, from, to) => {
    const { scene, data } = play;
    const said = lies(play, from, to);
    const parts: ArpParts = {
      operation: said.operation ?? 1,
      senderMac: said.senderMac ?? scene.mac(from),
      senderIp: addressBytes(said.senderIp ?? play.ip(from)),
      targetMac: said.operation === 2 ? scene.mac(to) : NO_MAC,
      targetIp: addressBytes(said.targetIp ?? play.ip(to)),
    };
    const header = { to: said.mac ?? scene.mac(to), from: scene.mac(from), type: said.type ?? ETHER.arp };
    play.frame(from, ethernet(header, Buffer.concat([arp(parts), data, Buffer.alloc(12)])));
  };

/** Tells the node that another machine's address is at the sender, and has a remote machine send to that address. */
const tellNode: Form = async (play, from, to) => {
  const { scene } = play;
  // The kernel believes an announcement at once, but an answer only after a second (arp_is_garp).
  const lie = { operation: 1, senderMac: scene.mac(from), senderIp: addressBytes(play.ip(to)) };
  const toNode = { targetMac: NO_MAC, targetIp: lie.senderIp };
  const header = { to: scene.gatewayMac('stranger'), from: scene.mac(from), type: ETHER.arp };
  play.frame(from, ethernet(header, arp({ ...lie, ...toNode })));
  await play.stage.stations[from].settled();
  play.udp('client2', to, { port: 53 });
};

const CLAIM =
  'bridge table: nobody says in ARP that an address is his which belongs to an isolated pod or to a peer of rules';
const OWN = 'bridge table: ARP of and to isolated ports bears the ports’ own addresses';

/** An honest request of the client, which the liar then answers. */
const HONEST = { form: speak(), from: 'client' } as const;

/** An honest request of the client for a stranger's address. */
const HONEST_OF_STRANGER = { form: speak(), from: 'client', to: 'stranger' } as const;

/** Lies about who has an address, and other data that ARP carries. */
export const ARP: readonly Attack[] = [
  {
    name: 'arp/claim-by-reply',
    what: 'a stranger tells an isolated pod that an allowed client’s address is his, by an answer nobody asked for',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ operation: 2, senderIp: ip('client') })),
    from: 'stranger',
    to: 'web',
    twin: { form: speak(() => ({ operation: 2 })), from: 'client' },
    kind: 'closed',
    by: CLAIM,
  },
  {
    name: 'arp/claim-by-request',
    what: 'the same by a question whose sender is the client',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ senderIp: ip('client') })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: CLAIM,
  },
  {
    name: 'arp/gratuitous',
    what: 'the same to all, as an announcement (RFC 5227)',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ senderIp: ip('client'), targetIp: ip('client'), mac: BROADCAST_MAC })),
    from: 'stranger',
    to: 'web',
    twin: { form: speak(() => ({ mac: BROADCAST_MAC })), from: 'client' },
    kind: 'closed',
    alone: true,
    by: CLAIM,
  },
  {
    name: 'arp/claim-of-gateway',
    what: 'a stranger tells an isolated pod that the node’s address is his: what the pod sends goes to him',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(() => ({ operation: 2, senderIp: gatewayAddress(1, 'ipv4') })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: CLAIM,
  },
  {
    name: 'arp/claim-of-isolated',
    what: 'a stranger tells a client that an isolated pod’s address is his: what the client sends goes to him',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ operation: 2, senderIp: ip('web') })),
    from: 'stranger',
    to: 'client',
    twin: { form: speak(() => ({ operation: 2 })), from: 'web' },
    kind: 'closed',
    by: CLAIM,
  },
  {
    name: 'arp/claim-in-answer-to-a-probe',
    what: 'an isolated pod that probes its address gets the answer that it is taken (RFC 5227, 2.1.1)',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ operation: 2, senderIp: ip('web'), mac: BROADCAST_MAC })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    alone: true,
    by: CLAIM,
  },
  {
    name: 'arp/claim-to-node',
    what: 'a stranger tells the node that an isolated pod’s address is his: what others send to the pod comes to him',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: tellNode,
    from: 'stranger',
    to: 'web',
    at: 'stranger',
    twin: { at: 'web' },
    kind: 'closed',
    by: 'bridge table: packets to the node itself are checked as well (before routing)',
    alone: true,
  },
  {
    name: 'arp/claim-by-own-link',
    what: 'the same where each pod has a link of its own',
    needs: 'NET_RAW',
    networks: ['routed'],
    families: V4,
    form: tellNode,
    from: 'stranger',
    to: 'web',
    at: 'stranger',
    twin: { at: 'web' },
    kind: 'kernel',
    by: 'the node has a route to each pod by the pod’s link: what is said on another one changes nothing',
    alone: true,
  },
  {
    name: 'arp/draw-traffic',
    what: 'a pod that may take nothing tells the node that a neighbour’s address is its own',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: tellNode,
    from: 'closed',
    to: 'client',
    at: 'closed',
    twin: { at: 'client' },
    kind: 'closed',
    by: OWN,
    alone: true,
  },
  {
    name: 'arp/claim-of-far-peer',
    what: 'a stranger answers for the address of a client of another node, as proxy ARP would',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ ip }) => ({ operation: 2, senderIp: ip('client2') })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: CLAIM,
  },
  {
    name: 'arp/claim-of-nobodys',
    what: 'a stranger answers for an address outside all ranges',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(() => ({ operation: 2, senderIp: FAR_NOBODY.ipv4 })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: OWN,
  },
  {
    name: 'arp/other-hardware-address',
    what: 'the frame has the stranger’s hardware address, ARP in it the client’s: a switch sees no lie',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(({ scene }) => ({ operation: 2, senderMac: scene.mac('client') })),
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: OWN,
  },
  {
    name: 'arp/operation-as-channel',
    what: 'ARP of an operation that nobody knows, out of a pod that may send nothing',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(() => ({ operation: 99 })),
    from: 'closed',
    to: 'stranger',
    twin: { from: 'client' },
    kind: 'closed',
    by: OWN,
  },
  {
    name: 'arp/addresses-as-channel',
    what: 'questions whose sender addresses are data, out of a pod that may send nothing',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(() => ({ senderIp: '83.69.67.82' })),
    from: 'closed',
    to: 'stranger',
    twin: HONEST_OF_STRANGER,
    kind: 'closed',
    by: OWN,
  },
  {
    name: 'arp/reverse',
    what: 'reverse ARP (RFC 903), which has a type of its own',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(() => ({ operation: 4, type: ETHER.reverseArp })),
    from: 'stranger',
    to: 'closed',
    twin: { to: 'client' },
    kind: 'closed',
    by: 'bridge table: isolated ports take and send no other types of frames',
  },
  {
    name: 'arp/trailer',
    what: 'an honest question with data behind it, where Ethernet pads',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: speak(),
    from: 'closed',
    to: 'stranger',
    twin: { from: 'client' },
    kind: 'closed',
    by: 'nothing on the node',
    weak: {
      networks: BRIDGES,
      why: 'neighbours have to find each other, and whatever fills their frames up to the least length passes',
    },
  },
  {
    name: 'arp/other-lengths',
    what: 'ARP for addresses of 16 bytes: no field is where a filter looks for it',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: (play, from, to) => {
      const { scene, data } = play;
      const body = Buffer.concat([u16(1, ETHER.ipv6), Buffer.from([6, 16]), u16(1), Buffer.alloc(44), data]);
      play.frame(from, ethernet({ to: scene.mac(to), from: scene.mac(from), type: ETHER.arp }, body));
    },
    from: 'stranger',
    to: 'closed',
    twin: { to: 'client' },
    kind: 'closed',
    by: OWN,
  },
  {
    name: 'arp/in-a-tag',
    what: 'a claim of an allowed client’s address in a tag of priority',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: (play, from, to) => {
      const { scene, data } = play;
      const said = { operation: 2, senderMac: scene.mac(from), senderIp: addressBytes(play.ip('client')) };
      const body = arp({ ...said, targetMac: scene.mac(to), targetIp: addressBytes(play.ip(to)) });
      const tags = [{ type: ETHER.vlan, vlan: 0 }];
      const header = { to: scene.mac(to), from: scene.mac(from), type: ETHER.arp, tags };
      play.frame(from, ethernet(header, Buffer.concat([body, data, Buffer.alloc(12)])));
    },
    from: 'stranger',
    to: 'web',
    twin: HONEST,
    kind: 'closed',
    by: 'bridge table: tagged frames neither reach nor leave an isolated port',
  },
];
