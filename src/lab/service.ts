import type { CommandRunner } from '../kernel/command.ts';
import type { IpFamily } from '../model/family.ts';
import type { Protocol } from '../model/protocol.ts';
import { familyOf, hostCidr } from './addresses.ts';
import { onNode } from './node.ts';
import type { IptablesBackend } from './settings.ts';

export interface ServiceEndpoint {
  readonly ip: string;
  readonly port: number;
}

export interface ServicePort {
  readonly protocol: Protocol;
  readonly port: number;
  /** Endpoints, each with the same probability. Without endpoints there is no rule, and the ClusterIP does not answer. */
  readonly endpoints: readonly ServiceEndpoint[];
}

/** A Service of type ClusterIP with resolved endpoints, as kube-proxy sees it. */
export interface ServiceSpec {
  readonly clusterIPs: readonly string[];
  readonly ports: readonly ServicePort[];
}

const SERVICES_CHAIN = 'LAB-SERVICES';
const POSTROUTING_CHAIN = 'LAB-POSTROUTING';

const socketText = (endpoint: ServiceEndpoint): string =>
  familyOf(endpoint.ip) === 'ipv6'
    ? `[${endpoint.ip}]:${String(endpoint.port)}`
    : `${endpoint.ip}:${String(endpoint.port)}`;

/** Returns one DNAT rule per endpoint; the first of m remaining ones takes 1/m of the packets, as in kube-proxy. */
const dnatRules = (clusterIP: string, port: ServicePort): readonly string[] => {
  const protocol = port.protocol.toLowerCase();
  const endpoints = port.endpoints.filter((endpoint) => familyOf(endpoint.ip) === familyOf(clusterIP));
  return endpoints.map((endpoint, at) => {
    const remaining = endpoints.length - at;
    const chance = remaining === 1 ? '' : ` -m statistic --mode random --probability ${(1 / remaining).toFixed(10)}`;
    const match = `-d ${hostCidr(clusterIP)} -p ${protocol} -m ${protocol} --dport ${String(port.port)}${chance}`;
    return `-A ${SERVICES_CHAIN} ${match} -j DNAT --to-destination ${socketText(endpoint)}`;
  });
};

/** A pod that reaches itself through its Service must see the node as the peer; otherwise it would answer itself directly. */
const hairpinRules = (family: IpFamily, services: readonly ServiceSpec[]): readonly string[] => {
  const ips = services.flatMap(({ ports }) => ports.flatMap(({ endpoints }) => endpoints.map(({ ip }) => ip)));
  return [...new Set(ips)]
    .filter((ip) => familyOf(ip) === family)
    .map(
      (ip) => `-A ${POSTROUTING_CHAIN} -s ${hostCidr(ip)} -d ${hostCidr(ip)} -m conntrack --ctstate DNAT -j MASQUERADE`,
    );
};

/** Jumps from the built-in chains, written once per node. */
const HOOKS = [
  `-A PREROUTING -j ${SERVICES_CHAIN}`,
  `-A OUTPUT -j ${SERVICES_CHAIN}`,
  `-A POSTROUTING -j ${POSTROUTING_CHAIN}`,
];

/** Returns input for iptables-restore --noflush that makes one family's Services exactly `services`. */
export const serviceRules = (
  family: IpFamily,
  services: readonly ServiceSpec[],
  hooks: 'add hooks' | 'hooks are there',
): string => {
  const dnat = services.flatMap(({ clusterIPs, ports }) =>
    clusterIPs.filter((ip) => familyOf(ip) === family).flatMap((ip) => ports.flatMap((port) => dnatRules(ip, port))),
  );
  return [
    '*nat',
    `:${SERVICES_CHAIN} - [0:0]`,
    `:${POSTROUTING_CHAIN} - [0:0]`,
    ...dnat,
    ...hairpinRules(family, services),
    ...(hooks === 'add hooks' ? HOOKS : []),
    'COMMIT',
    '',
  ].join('\n');
};

/** Returns the name of a family's iptables program; `program` is its suffix, such as `-restore`. */
export const iptablesProgram = (family: IpFamily, backend: IptablesBackend, program = ''): string =>
  `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${backend}${program}`;

/** Loads `serviceRules` on a node. */
export const loadServiceRules = async (
  runner: CommandRunner,
  node: string,
  family: IpFamily,
  backend: IptablesBackend,
  rules: string,
): Promise<void> => {
  const [file, ...args] = [...onNode(node), iptablesProgram(family, backend, '-restore')];
  await runner.run(file, [...args, '--noflush', '-w'], { input: rules });
};
