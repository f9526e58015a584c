import type { PodEndpoint } from '../model/pod.ts';
import { formatCidr } from '../policy/cidr.ts';
import type { Peer, PortMatch } from '../policy/node-policy.ts';
import { MAX_PORT } from '../policy/parse-port.ts';
import type { Packet } from './packet.ts';

/** Returns `namespace/name`. */
export const describePod = (pod: PodEndpoint): string => `${pod.namespace}/${pod.name}`;

/** Describes a peer as a noun: `pods app=web in namespace shop`, `10.0.0.0/8 except 10.1.0.0/16`, `anyone`. */
export const describePeer = (peer: Peer): string => {
  switch (peer.kind) {
    case 'any':
      return 'anyone';
    case 'pods':
      return peer.text;
    case 'ipBlock': {
      const { cidr, except } = peer.block;
      return except.length === 0 ? formatCidr(cidr) : `${formatCidr(cidr)} except ${except.map(formatCidr).join(', ')}`;
    }
  }
};

/** Describes a port match as a noun: `TCP 80`, `TCP 80-90`, `TCP port "http"`, `every UDP port`, `every port`. */
export const describePort = (match: PortMatch): string => {
  switch (match.kind) {
    case 'any':
      return 'every port';
    case 'named':
      return `${match.protocol} port "${match.name}"`;
    case 'range': {
      const { protocol, from, to } = match;
      if (from === 1 && to === MAX_PORT) return `every ${protocol} port`;
      return `${protocol} ${from === to ? from : `${from}-${to}`}`;
    }
  }
};

/** Describes what the packet is sent to: `TCP 80`, or `other protocols`. */
export const describeTarget = ({ protocol, port }: Packet): string =>
  protocol === 'other' ? 'other protocols' : `${protocol} ${port}`;
