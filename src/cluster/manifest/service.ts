import type { Labels } from '../../model/labels.ts';
import { PROTOCOLS, type Protocol } from '../../model/protocol.ts';
import { canonicalAddress } from '../address.ts';
import type { Intern } from '../intern.ts';
import { asList, asObject, asText } from '../raw.ts';
import { trimLabels } from '../trim-labels.ts';
import type { ManifestObject } from './manifest-object.ts';

export interface ServicePort {
  readonly name: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
  /** A port of the pods, or its name; `port` if the manifest has none. */
  readonly targetPort: number | string;
  /** `nodePort`: the port that every node serves; undefined if there is none. */
  readonly nodePort: number | undefined;
}

/** The parts of a v1 Service that say which pods are behind which ports. */
export interface ManifestService {
  readonly namespace: string;
  readonly name: string;
  /** Empty for a Service without a selector, which selects nothing. */
  readonly selector: Labels;
  readonly ports: readonly ServicePort[];
  /** Canonical; undefined for a headless Service, and if none is given. */
  readonly clusterIP: string | undefined;
  /** `spec.clusterIPs`, canonical: one per family. */
  readonly clusterIPs: readonly string[];
  /** `spec.externalIPs` and the addresses of `status.loadBalancer`, canonical. */
  readonly externalIPs: readonly string[];
  /** Whether `spec.externalTrafficPolicy` is Local: nodes keep the client's address. */
  readonly keepsSource: boolean;
  readonly headless: boolean;
  readonly object: ManifestObject;
}

/** Returns the addresses among the values, each once. */
const canonical = (values: readonly unknown[]): readonly string[] => [
  ...new Set(
    values.flatMap((value) => {
      const text = asText(value);
      return text === undefined ? [] : (canonicalAddress(text) ?? []);
    }),
  ),
];

export const readService = (object: ManifestObject, intern: Intern): ManifestService => {
  const spec = asObject(object.raw['spec']);
  const clusterIP = asText(spec['clusterIP']) ?? '';
  const ports = asList(spec['ports']).map((value): ServicePort => {
    const { name, protocol, port, targetPort, nodePort } = asObject(value);
    const number = Number(port);
    return {
      name: asText(name),
      protocol: PROTOCOLS.find((known) => known === protocol) ?? 'TCP',
      port: number,
      targetPort: typeof targetPort === 'number' || typeof targetPort === 'string' ? targetPort : number,
      nodePort: typeof nodePort === 'number' && nodePort > 0 ? nodePort : undefined,
    };
  });
  const balancers = asList(asObject(asObject(object.raw['status'])['loadBalancer'])['ingress']);
  return {
    namespace: object.namespace,
    name: object.name,
    selector: trimLabels(spec['selector'], intern),
    ports,
    clusterIP: canonicalAddress(clusterIP),
    clusterIPs: canonical([clusterIP, ...asList(spec['clusterIPs'])]),
    externalIPs: canonical([...asList(spec['externalIPs']), ...balancers.map((each) => asObject(each)['ip'])]),
    keepsSource: spec['externalTrafficPolicy'] === 'Local',
    headless: clusterIP === 'None',
    object,
  };
};
