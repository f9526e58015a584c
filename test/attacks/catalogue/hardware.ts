import { u16, u32, u8 } from '../frames/bytes.ts';
import { ETHER, ethernet, llc, snap } from '../frames/ethernet.ts';
import { udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, BRIDGES, EVERYWHERE, type Form, V4 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { datagram, tagged } from './forms.ts';

/** Sends a frame of another type that contains the token. */
const frameOf =
  (type: number, before: Buffer = Buffer.alloc(0), mac?: string): Form =>
  (play, from, to) => {
    const header = { to: mac ?? play.scene.mac(to), from: play.scene.mac(from), type };
    play.frame(from, ethernet(header, Buffer.concat([before, play.data, Buffer.alloc(40)])));
  };

const packetOf = (play: Play, from: Machine, to: Machine): Buffer =>
  udpPacket(play.ends(from, to), play.ports(), play.data);

/** Sends a frame of another type that contains a whole packet. */
const around =
  (type: number, before: (packet: Buffer) => Buffer): Form =>
  (play, from, to) => {
    const packet = packetOf(play, from, to);
    const header = { to: play.scene.mac(to), from: play.scene.mac(from), type };
    play.frame(from, ethernet(header, Buffer.concat([before(packet), packet])));
  };

const TYPES = 'bridge table: isolated ports take and send no other types of frames';
const TAGS = 'bridge table: tagged frames neither reach nor leave an isolated port';

const into = (name: string, what: string, form: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `frames/${name}`,
  what,
  needs: 'NET_RAW',
  networks: BRIDGES,
  families: V4,
  form,
  from: 'stranger',
  to: 'closed',
  twin: { to: 'client' },
  kind: 'closed',
  by: TYPES,
  ...rest,
});

const STP_MAC = '01:80:c2:00:00:00';
const LLDP_MAC = '01:80:c2:00:00:0e';
const EAPOL_MAC = '01:80:c2:00:00:03';
const PVST_MAC = '01:00:0c:cc:cc:cd';

/** Frames that aren't plain IP. */
export const FRAMES: readonly Attack[] = [
  into('vlan-0', 'IP in a tag of priority alone (802.1Q, VLAN 0)', tagged({ type: ETHER.vlan, vlan: 0 }), {
    families: BOTH,
    by: TAGS,
  }),
  into('vlan-5', 'IP in a tag of a VLAN', tagged({ type: ETHER.vlan, vlan: 5 }), { families: BOTH, by: TAGS }),
  into('service-vlan', 'IP in a tag of 802.1ad', tagged({ type: ETHER.serviceVlan, vlan: 0 }), {
    families: BOTH,
    by: TAGS,
  }),
  into('two-tags', 'IP in two tags of priority', tagged({ type: ETHER.vlan, vlan: 0 }, { type: ETHER.vlan, vlan: 0 }), {
    families: BOTH,
    by: TAGS,
  }),
  into(
    'mixed-tags',
    'IP in a tag of 802.1ad and one of 802.1Q',
    tagged({ type: ETHER.serviceVlan, vlan: 7 }, { type: ETHER.vlan, vlan: 5 }),
    {
      families: BOTH,
      by: TAGS,
    },
  ),
  into(
    'vlan-by-the-node',
    'IP in a tag of priority to the node, which routes it, in the name of a neighbour',
    (play, from, to) => {
      const mac = play.scene.gatewayMac('closed');
      play.udp(from, to, { mac, source: play.ip('client'), tags: [{ type: ETHER.vlan, vlan: 0 }] });
    },
    {
      families: BOTH,
      networks: EVERYWHERE,
      from: 'closed',
      to: 'outside',
      twin: { form: datagram(), from: 'client' },
      by: TAGS,
    },
  ),
  into('old-tags', 'IP in a tag of type 0x9100', tagged({ type: ETHER.oldDoubleVlan, vlan: 1 }), { by: TYPES }),
  into('vlan-out', 'IP in a tag, out of a pod that may send nothing', tagged({ type: ETHER.vlan, vlan: 0 }), {
    families: BOTH,
    from: 'closed',
    to: 'client',
    twin: { from: 'stranger' },
    by: TAGS,
  }),
  into(
    'bpdu',
    'a BPDU of the spanning tree: a bridge without one passes it on',
    (play, from) => {
      play.frame(
        from,
        llc(STP_MAC, play.scene.mac(from), 0x42, Buffer.concat([u16(0), u8(0, 0x80), play.data, Buffer.alloc(30)])),
      );
    },
    { twin: { at: 'client' } },
  ),
  into(
    'pvst',
    'a BPDU of Cisco’s, in SNAP',
    (play, from) => {
      play.frame(
        from,
        snap(PVST_MAC, play.scene.mac(from), 0x0c, 0x010b, Buffer.concat([play.data, Buffer.alloc(36)])),
      );
    },
    { twin: { at: 'client' } },
  ),
  into('lldp', 'LLDP to its group', frameOf(ETHER.lldp, undefined, LLDP_MAC), {
    kind: 'kernel',
    by: 'a bridge passes on nothing to 01:80:c2:00:00:01–0f (group_fwd_mask)',
    twin: { form: datagram(), to: 'client' },
  }),
  into('eapol', 'EAPOL to its group', frameOf(ETHER.eapol, undefined, EAPOL_MAC), {
    kind: 'kernel',
    by: 'a bridge passes on nothing to 01:80:c2:00:00:01–0f (group_fwd_mask)',
    twin: { form: datagram(), to: 'client' },
  }),
  into('lldp-unicast', 'LLDP to the pod’s own hardware address', frameOf(ETHER.lldp)),
  into('eapol-unicast', 'EAPOL to the pod’s own hardware address', frameOf(ETHER.eapol)),
  into('experimental', 'a type for experiments, 0x88b5', frameOf(ETHER.experimental)),
  into('nonsense', 'a type that is not assigned', frameOf(ETHER.nonsense)),
  into('loopback', 'the configuration test protocol, 0x9000', frameOf(ETHER.loopback)),
  into('macsec', 'a type of encrypted frames', frameOf(ETHER.macsec)),
  into('bridging', 'a frame in a frame, type 0x6558', frameOf(ETHER.bridging)),
  into('llc', 'a frame of 802.3 with a header of 802.2', (play, from, to) => {
    play.frame(from, llc(play.scene.mac(to), play.scene.mac(from), 0xf0, Buffer.concat([play.data, Buffer.alloc(40)])));
  }),
  into('snap', 'IP in SNAP (RFC 1042)', (play, from, to) => {
    play.frame(from, snap(play.scene.mac(to), play.scene.mac(from), 0, ETHER.ipv4, packetOf(play, from, to)));
  }),
  into(
    'pppoe',
    'IP in PPPoE, which a bridge shows to iptables only if configured',
    around(ETHER.pppoe, (packet) => Buffer.concat([u8(0x11, 0), u16(1, packet.length + 2, 0x0021)])),
  ),
  into(
    'mpls',
    'IP in MPLS',
    around(ETHER.mpls, () => u32((16 << 12) | 0x1ff)),
  ),
  into('type-out', 'a type that is not assigned, out of a pod that may send nothing', frameOf(ETHER.nonsense), {
    from: 'closed',
    to: 'client',
    twin: { from: 'stranger' },
  }),
  into(
    'bpdu-out',
    'a BPDU out of a pod that may send nothing',
    (play, from) => {
      play.frame(from, llc(STP_MAC, play.scene.mac(from), 0x42, Buffer.concat([play.data, Buffer.alloc(34)])));
    },
    { from: 'closed', to: 'client', twin: { from: 'stranger' } },
  ),
  into(
    'wrong-type',
    'an IPv6 packet in a frame of type IPv4, and the other way round',
    (play, from, to) => {
      const type = play.family === 'ipv4' ? ETHER.ipv6 : ETHER.ipv4;
      play.frame(
        from,
        ethernet({ to: play.scene.mac(to), from: play.scene.mac(from), type }, packetOf(play, from, to)),
      );
    },
    {
      families: BOTH,
      kind: 'kernel',
      by: 'br_netfilter drops what is no packet of its type',
      twin: { form: datagram(), to: 'client' },
    },
  ),
];

/** Sends something from another machine's hardware address, so that the bridge learns the wrong port for it. */
const pretend = async (play: Play, from: Machine, mac: string): Promise<void> => {
  const packet = udpPacket(play.ends(from, 'client'), play.ports(), Buffer.from('mine'));
  play.packet(from, 'client', packet, { fromMac: mac, mac: '02:00:00:00:77:77' });
  await play.stage.stations[from].settled();
};

const steal: Form = async (play, from, to) => {
  await pretend(play, from, play.scene.mac(to));
  play.syn('client', to, { port: 80 });
};

/** Lies about hardware addresses. */
export const HARDWARE: readonly Attack[] = [
  {
    name: 'hardware/steal-port',
    what: 'a stranger sends with an isolated pod’s hardware address: the bridge sends him what is the pod’s',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: steal,
    from: 'stranger',
    to: 'web',
    at: 'stranger',
    twin: { at: 'web' },
    kind: 'closed',
    by: 'bridge table: no port but its own sends with the hardware address of an isolated pod or a peer (before the bridge learns it)',
    alone: true,
  },
  {
    name: 'hardware/whole-identity',
    what: 'a stranger sends with hardware address and address of an allowed client',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: datagram(({ ip, scene }) => ({ source: ip('client'), fromMac: scene.mac('client'), port: 53 })),
    from: 'stranger',
    to: 'web',
    twin: { form: datagram(() => ({ port: 53 })), from: 'client' },
    kind: 'closed',
    by: 'bridge table: the source of a frame belongs to its port',
    alone: true,
  },
  {
    name: 'hardware/out-with-anothers',
    what: 'a pod that may send nothing sends with a neighbour’s hardware address and address',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: datagram(({ ip, scene }) => ({ source: ip('client'), fromMac: scene.mac('client') })),
    from: 'closed',
    to: 'stranger',
    twin: { form: datagram(), from: 'client' },
    kind: 'closed',
    by: 'bridge table: what comes from an isolated port has a source of that port',
    alone: true,
  },
  {
    name: 'hardware/own-address-other-hardware',
    what: 'a pod that may send nothing sends tagged frames with a hardware address of its own making',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: datagram(() => ({ fromMac: '02:00:00:00:66:66', tags: [{ type: ETHER.vlan, vlan: 0 }] })),
    from: 'closed',
    to: 'stranger',
    twin: { form: datagram(), from: 'client' },
    kind: 'closed',
    by: 'bridge table: what comes from an isolated port has a hardware address of that port',
    alone: true,
  },
  {
    name: 'hardware/draw-traffic',
    what: 'a pod that may take nothing sends with a neighbour’s hardware address, so as to get what is the neighbour’s',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: async (play, from, to) => {
      await pretend(play, from, play.scene.mac(to));
      play.udp('stranger', to);
    },
    from: 'closed',
    to: 'client',
    at: 'closed',
    twin: { at: 'client' },
    kind: 'closed',
    by: 'bridge table: what comes from an isolated port has a hardware address of that port (before the bridge learns it)',
    alone: true,
  },
  {
    name: 'hardware/steal-gateway',
    what: 'a stranger sends with the bridge’s own hardware address: what goes to the node would come to him',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: BOTH,
    form: async (play, from) => {
      await pretend(play, from, play.scene.gatewayMac('stranger'));
      play.udp('client', 'outside');
    },
    from: 'stranger',
    to: 'outside',
    at: 'stranger',
    twin: { at: 'outside' },
    kind: 'kernel',
    by: 'a bridge never learns its own addresses (br_fdb_update)',
    alone: true,
  },
];
