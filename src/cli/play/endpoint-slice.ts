import { canonicalAddress } from '../../cluster/address.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { type FieldPath, formatField } from '../../model/field-path.ts';
import type { ManifestProblem } from '../../cluster/manifest/place.ts';
import { SERVICE_NAME } from '../../cluster/manifest/service-slice.ts';
import { asList, asObject, type RawObject } from '../../cluster/raw.ts';
import { PROTOCOLS } from '../../model/protocol.ts';
import type { External, MachinePort } from './world.ts';

export interface Outside {
  readonly externals: readonly External[];
  readonly problems: readonly ManifestProblem[];
}

/** Reports whether it is an EndpointSlice without a Service: Kubernetes' own way to list addresses outside the cluster. */
const describesOutside = ({ kind, raw }: ManifestObject): boolean =>
  kind === 'EndpointSlice' && asObject(asObject(raw['metadata'])['labels'])[SERVICE_NAME] === undefined;

type Report = (field: FieldPath, message: string) => void;

const readPorts = (raw: RawObject, report: Report): readonly MachinePort[] =>
  asList(raw['ports']).flatMap((value, index) => {
    const { port, protocol = 'TCP' } = asObject(value);
    const known = PROTOCOLS.find((each) => each === protocol);
    const isNumber = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
    if (known === undefined) report(['ports', index, 'protocol'], `is not one of ${PROTOCOLS.join(', ')}`);
    if (!isNumber) report(['ports', index, 'port'], 'must be a whole number from 1 to 65535');
    return known === undefined || !isNumber ? [] : [{ protocol: known, port }];
  });

const readAddresses = (raw: RawObject, report: Report): readonly string[] =>
  asList(raw['endpoints']).flatMap((endpoint, index) =>
    asList(asObject(endpoint)['addresses']).flatMap((text, at) => {
      const ip = typeof text === 'string' ? canonicalAddress(text) : undefined;
      if (ip === undefined) {
        report(['endpoints', index, 'addresses', at], `${JSON.stringify(text)} is not an IP address`);
      }
      return ip ?? [];
    }),
  );

const readSlice = (object: ManifestObject): Outside => {
  const { raw, name } = object;
  const problems: ManifestProblem[] = [];
  const report: Report = (field, message) => {
    problems.push({ ...object.locate(field), object: `EndpointSlice ${name}`, field: formatField(field), message });
  };
  if (name === '') report(['metadata', 'name'], 'is missing: it names the machine outside the cluster');
  const ports = readPorts(raw, report);
  const ips = readAddresses(raw, report);
  if (ips.length === 0) report(['endpoints'], 'has no address: each one becomes a machine outside the cluster');
  const externals = ips.map((ip) => ({ name: ips.length === 1 ? name : `${name}/${ip}`, ip, ports }));
  return { externals, problems };
};

/** Returns the machines outside the cluster in the manifests. */
export const readOutside = (objects: readonly ManifestObject[]): Outside => {
  const slices = objects.filter(describesOutside).map(readSlice);
  return {
    externals: slices.flatMap(({ externals }) => externals),
    problems: slices.flatMap(({ problems }) => problems),
  };
};
