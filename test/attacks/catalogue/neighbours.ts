import { addressBytes, u16, u32, u8 } from '../frames/bytes.ts';
import { groupMac } from '../frames/ethernet.ts';
import {
  advertisement,
  ICMPV6,
  icmpv6,
  linkAddress,
  ND_OPTION,
  ndOption,
  redirect,
  routerAdvertisement,
  solicitation,
  solicitedNode,
} from '../frames/icmp.ts';
import { destinationOptions, type Extension, extended, fragment, hopByHop, ipv6, PROTOCOL } from '../frames/ip.ts';
import type { Ends } from '../frames/transport.ts';
import { type Attack, BRIDGES, type Course, type Form, V6 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import { gatewayAddress, type Machine } from '../stage/cast.ts';

const SOLICITED_OVERRIDE = 0x60;
const OVERRIDE = 0x20;
const ALL_NODES = 'ff02::1';

/** Returns the token as an option of an unknown type, beside a true one. */
const mark = ({ data }: Play, ...options: readonly Buffer[]): Buffer =>
  Buffer.concat([...options, ndOption(ND_OPTION.experimental, data)]);

/** Sends a message of neighbour discovery with the required hop limit. */
const discovery = (play: Play, from: Machine, to: Machine, ends: Ends, message: Buffer, mac?: string): void => {
  const group = ends.destination.startsWith('ff') ? groupMac([...addressBytes(ends.destination)]) : undefined;
  const packet = ipv6({ ...ends, protocol: PROTOCOL.icmpv6, ttl: 255 }, message);
  play.packet(from, to, packet, { mac: mac ?? group ?? play.scene.mac(to) });
};

/** Tells the receiver that `target` is at the sender's hardware address. */
const claim =
  (target: (play: Play) => string, destination?: string): Form =>
  (play, from, to) => {
    const ends = play.ends(from, to, destination === undefined ? {} : { destination });
    const options = mark(play, linkAddress(ND_OPTION.targetMac, play.scene.mac(from)));
    const flags = destination === undefined ? SOLICITED_OVERRIDE : OVERRIDE;
    discovery(play, from, to, ends, advertisement(ends, target(play), flags, options));
  };

/** Tells the receiver where the sender's own address is. */
const honest: Form = (play, from, to) => {
  const ends = play.ends(from, to);
  const options = mark(play, linkAddress(ND_OPTION.targetMac, play.scene.mac(from)));
  discovery(play, from, to, ends, advertisement(ends, play.ip(from), SOLICITED_OVERRIDE, options));
};

/** Asks for the receiver's address. */
const ask =
  (source?: (play: Play) => string): Form =>
  (play, from, to) => {
    const lie = source?.(play);
    const ends = { ...play.ends(from, to), source: lie ?? play.ip(from), destination: solicitedNode(play.ip(to)) };
    const options = lie === '::' ? mark(play) : mark(play, linkAddress(ND_OPTION.sourceMac, play.scene.mac(from)));
    discovery(play, from, to, ends, solicitation(ends, play.ip(to), options));
  };

/** Tells the node that another machine's address is at the sender, and has a remote machine send to that address. */
const tellNode: Form = async (play, from, to) => {
  const { scene } = play;
  const ends = { source: play.ip(from), destination: gatewayAddress(1, 'ipv6') };
  const options = linkAddress(ND_OPTION.targetMac, scene.mac(from));
  const message = advertisement(ends, play.ip(to), SOLICITED_OVERRIDE, options);
  discovery(play, from, to, ends, message, scene.gatewayMac('stranger'));
  await play.stage.stations[from].settled();
  play.udp('client2', to, { port: 53 });
};

const advertise =
  (lifetime: number, source?: string, options: Buffer = Buffer.alloc(0)): Form =>
  (play, from, to) => {
    const ends = { source: source ?? play.scene.linkLocal(from), destination: ALL_NODES };
    discovery(play, from, to, ends, routerAdvertisement(ends, lifetime, '2001:db8:bad::', mark(play, options)));
  };

const redirecting =
  (source?: string): Form =>
  (play, from, to) => {
    const ends = { source: source ?? play.scene.linkLocal(from), destination: play.ip(to) };
    const message = redirect(ends, play.scene.linkLocal(from), play.ip('outside'), mark(play));
    discovery(play, from, to, ends, message);
  };

/** Sends a message of neighbour discovery behind extension headers. */
const behind = (
  play: Play,
  from: Machine,
  to: Machine,
  ends: Ends,
  message: Buffer,
  headers: readonly Extension[],
): void => {
  const { protocol, payload } = extended(headers, PROTOCOL.icmpv6, message);
  const group = ends.destination.startsWith('ff') ? groupMac([...addressBytes(ends.destination)]) : play.scene.mac(to);
  play.packet(from, to, ipv6({ ...ends, protocol, ttl: 255 }, payload), { mac: group });
};

const routerBehind =
  (headers: readonly Extension[]): Form =>
  (play, from, to) => {
    const ends = { source: play.scene.linkLocal(from), destination: ALL_NODES };
    behind(play, from, to, ends, routerAdvertisement(ends, 0, '2001:db8:bad::', mark(play)), headers);
  };

const OWN = 'bridge table: discovery of and to isolated ports bears the ports’ own addresses';
const CLAIM = 'bridge table: nobody advertises an address that belongs to an isolated pod or to a peer of rules';
const ROUTER = 'bridge table: router advertisements and redirects neither reach nor leave an isolated port';
const HONEST: Partial<Course> = { form: honest, from: 'client' };

const lie = (name: string, what: string, form: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `neighbours/${name}`,
  what,
  needs: 'NET_RAW',
  networks: BRIDGES,
  families: V6,
  form,
  from: 'stranger',
  to: 'web',
  twin: HONEST,
  kind: 'closed',
  by: CLAIM,
  ...rest,
});

/** Lies in neighbour discovery (RFC 4861), including messages of routers. */
export const NEIGHBOURS: readonly Attack[] = [
  lie(
    'claim',
    'an advertisement that an allowed client’s address is the stranger’s',
    claim(({ ip }) => ip('client')),
  ),
  lie(
    'claim-to-all',
    'the same to all nodes, unasked',
    claim(({ ip }) => ip('client'), ALL_NODES),
    { alone: true },
  ),
  lie(
    'claim-of-gateway',
    'an advertisement that the node’s address is the stranger’s',
    claim(() => gatewayAddress(1, 'ipv6')),
  ),
  lie(
    'claim-of-router',
    'an advertisement that the router’s link-local address is the stranger’s',
    claim(() => 'fe80::1'),
  ),
  lie(
    'claim-of-isolated',
    'a client gets the claim that an isolated pod’s address is the stranger’s',
    claim(({ ip }) => ip('web')),
    {
      to: 'client',
      twin: { form: honest, from: 'web' },
    },
  ),
  lie(
    'claim-of-far-peer',
    'an advertisement that the address of a client of another node is here',
    claim(({ ip }) => ip('client2')),
  ),
  lie(
    'solicitation-as-client',
    'a question whose sender is the client, with the stranger’s hardware address',
    ask(({ ip }) => ip('client')),
    {
      twin: { form: ask(), from: 'client' },
    },
  ),
  lie(
    'denial-of-address',
    'an isolated pod gets a solicitation of its own address from ::, as if another host took it (RFC 4862, 5.4.3)',
    ask(() => '::'),
    {
      by: CLAIM,
      twin: { form: ask(), from: 'client' },
    },
  ),
  lie(
    'claim-to-node',
    'the node gets the claim that an isolated pod’s address is the stranger’s: packets for the pod go to the stranger',
    tellNode,
    {
      at: 'stranger',
      twin: { at: 'web' },
      alone: true,
      by: 'bridge table: packets to the node itself are checked as well',
    },
  ),
  lie('claim-by-own-link', 'the same where each pod has a link of its own', tellNode, {
    networks: ['routed'],
    at: 'stranger',
    twin: { at: 'web' },
    alone: true,
    kind: 'kernel',
    by: 'the node has a route to each pod by the pod’s link: what is said on another one changes nothing',
  }),
  lie(
    'denial-by-answer',
    'an isolated pod that probes its address gets the answer that it is taken',
    claim(({ ip }) => ip('web'), ALL_NODES),
    { alone: true },
  ),
  lie('router', 'a router advertisement: neighbours get addresses and a route through the stranger', advertise(1800), {
    to: 'closed',
    twin: { at: 'client' },
    by: ROUTER,
  }),
  lie(
    'router-gone',
    'an advertisement of lifetime 0 in the name of the router: neighbours lose their route',
    advertise(0, 'fe80::1'),
    {
      to: 'closed',
      twin: { form: advertise(0), to: 'client' },
      by: ROUTER,
    },
  ),
  lie(
    'router-with-resolver',
    'an advertisement that names a resolver and a route (RFC 8106, RFC 4191)',
    advertise(
      0,
      undefined,
      Buffer.concat([
        ndOption(ND_OPTION.resolver, Buffer.concat([u16(0), u32(3600), addressBytes('2001:db8:bad::53')])),
        ndOption(ND_OPTION.route, Buffer.concat([u8(48, 0), u32(3600), addressBytes('2001:db8:bad::').subarray(0, 8)])),
      ]),
    ),
    { to: 'closed', twin: { at: 'client' }, by: ROUTER },
  ),
  lie('router-out', 'a router advertisement out of a pod that may send nothing', advertise(0), {
    from: 'closed',
    to: 'client',
    twin: { from: 'stranger' },
    by: ROUTER,
  }),
  lie('redirect', 'a redirect in the name of the router', redirecting('fe80::1'), {
    to: 'closed',
    twin: { form: redirecting(), to: 'client' },
    kind: 'held',
    by: 'redirects never passed unjudged, unlike other discovery: the chains of the isolations; on bridges the table as well',
  }),
  lie(
    'solicitation-of-routers-out',
    'a router solicitation with data, to a neighbour, out of a pod that may send nothing',
    (play, from, to) => {
      const ends = { source: play.scene.linkLocal(from), destination: 'ff02::2' };
      discovery(
        play,
        from,
        to,
        ends,
        icmpv6(ends, ICMPV6.routerSolicitation, 0, u32(0), mark(play)),
        play.scene.mac(to),
      );
    },
    {
      from: 'closed',
      to: 'client',
      twin: { from: 'stranger' },
      by: 'bridge table: router solicitations go to the node alone',
    },
  ),
  lie(
    'options-as-channel',
    'an honest advertisement with data in an option, out of a pod that may send nothing',
    honest,
    {
      from: 'closed',
      to: 'stranger',
      twin: { from: 'client' },
      by: 'nothing on the node',
      weak: {
        networks: BRIDGES,
        why: 'neighbours have to find each other, and an option that nobody knows has to be passed over (RFC 4861, 4.6)',
      },
    },
  ),
  lie(
    'low-hop-limit',
    'an advertisement with hop limit 64, which came from far or is no discovery at all',
    (play, from, to) => {
      const ends = play.ends(from, to);
      const message = advertisement(ends, play.ip(from), SOLICITED_OVERRIDE, mark(play));
      play.packet(from, to, ipv6({ ...ends, protocol: PROTOCOL.icmpv6, ttl: 64 }, message));
    },
    {
      from: 'stranger',
      to: 'closed',
      twin: { form: honest, from: 'client', to: 'web' },
      by: 'discovery has hop limit 255, all else is judged',
    },
  ),
  lie(
    'link-local-claim',
    'an advertisement that the link-local address of a neighbour is the stranger’s',
    claim(({ scene }) => scene.linkLocal('client')),
    { by: 'bridge table: discovery of and to isolated ports bears the ports’ own addresses' },
  ),
  lie(
    'claim-from-link-local',
    'an advertisement of an allowed client’s address whose sender is the stranger’s link-local address',
    (play, from, to) => {
      const ends = { source: play.scene.linkLocal(from), destination: play.ip(to) };
      const options = mark(play, linkAddress(ND_OPTION.targetMac, play.scene.mac(from)));
      discovery(play, from, to, ends, advertisement(ends, play.ip('client'), SOLICITED_OVERRIDE, options));
    },
  ),
  lie(
    'data-as-target',
    'a question for an address that is data, out of a pod that may send nothing',
    (play, from, to) => {
      const ends = play.ends(from, to);
      const message = icmpv6(
        ends,
        ICMPV6.neighbourSolicitation,
        0,
        u32(0),
        Buffer.concat([play.data, Buffer.alloc(10)]),
      );
      discovery(play, from, to, ends, message);
    },
    { from: 'closed', to: 'client', twin: { form: ask(), to: 'web', from: 'client' }, by: OWN },
  ),
  lie(
    'router-behind-options',
    'a router advertisement behind destination options (RFC 7113, evasion of RA guard)',
    routerBehind([destinationOptions()]),
    {
      to: 'closed',
      twin: { at: 'client' },
      by: ROUTER,
    },
  ),
  lie('router-behind-hop-by-hop', 'a router advertisement behind options for each hop', routerBehind([hopByHop()]), {
    to: 'closed',
    twin: { at: 'client' },
    by: ROUTER,
  }),
  lie(
    'router-atomic',
    'a router advertisement behind a fragment header (RFC 6980)',
    routerBehind([fragment(4711, 0, false)]),
    {
      to: 'closed',
      twin: { form: advertise(0), to: 'client' },
      by: ROUTER,
    },
  ),
  lie('claim-behind-options', 'an advertisement of a client’s address behind destination options', (play, from, to) => {
    const ends = play.ends(from, to);
    const options = mark(play, linkAddress(ND_OPTION.targetMac, play.scene.mac(from)));
    behind(play, from, to, ends, advertisement(ends, play.ip('client'), SOLICITED_OVERRIDE, options), [
      destinationOptions(),
    ]);
  }),
  lie(
    'report-to-one',
    'a report of MLD with hop limit 1 to one neighbour, out of a pod that may send nothing',
    (play, from, to) => {
      const ends = { source: play.scene.linkLocal(from), destination: play.ip(to) };
      const message = icmpv6(ends, ICMPV6.listenerReport2, 0, u32(0), play.data);
      play.packet(from, to, ipv6({ ...ends, protocol: PROTOCOL.icmpv6, ttl: 1 }, message));
    },
    { from: 'closed', to: 'client', twin: { from: 'stranger' }, by: 'MLD has hop limit 1 and goes to its groups' },
  ),
];
