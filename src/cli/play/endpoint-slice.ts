import { canonicalAddress } from '../../cluster/address.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { type FieldPath, formatField, type ManifestProblem } from '../../cluster/manifest/place.ts';
import { asList, asObject } from '../../cluster/raw.ts';
import { PROTOCOLS } from '../../model/protocol.ts';
import type { External, MachinePort } from './world.ts';

/** On an EndpointSlice that belongs to a Service (discovery.k8s.io/v1). */
const SERVICE_NAME = 'kubernetes.io/service-name';

export interface Outside {
  readonly externals: readonly External[];
  readonly problems: readonly ManifestProblem[];
}

/** An EndpointSlice of no Service: the native way to write down addresses outside the cluster. */
const describesOutside = ({ kind, raw }: ManifestObject): boolean =>
  kind === 'EndpointSlice' && asObject(asObject(raw['metadata'])['labels'])[SERVICE_NAME] === undefined;

const readSlice = (object: ManifestObject): Outside => {
  const { raw, name } = object;
  const problems: ManifestProblem[] = [];
  const report = (field: FieldPath, message: string): undefined => {
    problems.push({
      ...object.locate(field),
      object: `EndpointSlice ${name}`,
      field: formatField(field),
      message,
    });
    return undefined;
  };
  if (name === '') report(['metadata', 'name'], 'is missing: it names the machine outside the cluster');

  const ports = asList(raw['ports']).map((value, index): MachinePort | undefined => {
    const { port, protocol = 'TCP' } = asObject(value);
    const known = PROTOCOLS.find((each) => each === protocol);
    if (known === undefined) return report(['ports', index, 'protocol'], `is not one of ${PROTOCOLS.join(', ')}`);
    const isPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
    return isPort
      ? { protocol: known, port }
      : report(['ports', index, 'port'], 'must be a whole number from 1 to 65535');
  });
  const served = ports.filter((port) => port !== undefined);

  const addresses = asList(raw['endpoints']).flatMap((endpoint, index) =>
    asList(asObject(endpoint)['addresses']).map((text, at) => {
      const ip = typeof text === 'string' ? canonicalAddress(text) : undefined;
      return ip ?? report(['endpoints', index, 'addresses', at], `${JSON.stringify(text)} is not an IP address`);
    }),
  );
  const ips = addresses.filter((ip) => ip !== undefined);
  if (addresses.length === 0) report(['endpoints'], 'has no address: each one becomes a machine outside the cluster');
  const externals = ips.map((ip) => ({ name: ips.length === 1 ? name : `${name}/${ip}`, ip, ports: served }));
  return { externals, problems };
};

/** The machines outside the cluster that manifests tell of. */
export const readOutside = (objects: readonly ManifestObject[]): Outside => {
  const slices = objects.filter(describesOutside).map(readSlice);
  return {
    externals: slices.flatMap(({ externals }) => externals),
    problems: slices.flatMap(({ problems }) => problems),
  };
};
