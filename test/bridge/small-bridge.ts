import type { BridgeFacts } from '../../src/bridge/compile-bridge.ts';
import type { BridgePort, PortOwner } from '../../src/model/bridge-port.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import type { AllowRule, Isolation, Peer } from '../../src/policy/node-policy.ts';
import { pod } from '../support/small-cluster.ts';

export const port = (name: string, index: number, kind: BridgePort['kind'] = 'pod-like'): BridgePort => ({
  name,
  index,
  kind,
});

export const owner = (name: string, last: number, more: Partial<PortOwner> = {}): PortOwner => ({
  port: `veth-${name}`,
  mac: `02:00:00:00:00:0${last}`,
  ips: [`10.1.0.${last}`, `fd00:1::${last}`],
  podUid: `shop/${name}`,
  origin: 'result',
  ...more,
});

/** A bridge with the ports of web (isolated in the tests), client and an old unknown pod. */
export const FACTS: BridgeFacts = {
  node: {
    bridges: [
      {
        name: 'cni0',
        index: 3,
        mac: '02:00:00:00:00:fe',
        ports: [port('veth-web', 4), port('veth-client', 5), port('veth-old', 6)],
        subnets: ['10.1.0.0/24', 'fd00:1::/64'],
      },
    ],
    otherPorts: ['veth-docker'],
    nodeAddresses: ['10.1.0.1', '127.0.0.1', '::1', 'fd00:1::1'],
  },
  owners: [owner('web', 2), owner('client', 3)],
  unowned: ['10.1.0.4'],
  routers: new Set(),
  judged: { ipv4: true, ipv6: true },
};

export const rule = (peers: readonly Peer[], ports: AllowRule['ports'] = [{ kind: 'any' }]): AllowRule => ({
  policy: policyKey('shop', 'p'),
  index: 0,
  peers,
  ports,
});

export const isolation = (
  direction: Isolation['direction'],
  name: string,
  rules: readonly AllowRule[] = [],
): Isolation => ({
  direction,
  policies: [policyKey('shop', 'p')],
  namedPorts: '',
  pods: [pod(`shop/${name}`)],
  rules,
});
