import { PROTOCOLS, type Protocol } from '../../model/protocol.ts';
import { canonicalAddress } from '../address.ts';
import { asList, asObject, asText } from '../raw.ts';
import type { ManifestObject } from './manifest-object.ts';

/** The label of an EndpointSlice that belongs to a Service (discovery.k8s.io/v1). */
export const SERVICE_NAME = 'kubernetes.io/service-name';

/** The target of one port of a Service, from an EndpointSlice. */
export interface SliceEndpoint {
  readonly ip: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** The name of the Service's port; '' for an unnamed one. */
  readonly portName: string;
}

/**
 * Reads the endpoints of a Service from EndpointSlices.
 * @returns undefined if no slice belongs to it
 */
export const endpointsOfService = (
  objects: readonly ManifestObject[],
  { namespace, name }: { readonly namespace: string; readonly name: string },
): readonly SliceEndpoint[] | undefined => {
  const slices = objects.filter(
    (object) =>
      object.kind === 'EndpointSlice' &&
      object.namespace === namespace &&
      asObject(asObject(object.raw['metadata'])['labels'])[SERVICE_NAME] === name,
  );
  if (slices.length === 0) return undefined;
  return slices.flatMap(({ raw }) => {
    const addresses = asList(raw['endpoints'])
      .map(asObject)
      // A missing `conditions.ready` counts as ready (EndpointConditions).
      .filter((endpoint) => asObject(endpoint['conditions'])['ready'] !== false)
      .flatMap((endpoint) => asList(endpoint['addresses']))
      .flatMap((text) => canonicalAddress(asText(text) ?? '') ?? []);
    return asList(raw['ports'])
      .map(asObject)
      .flatMap(({ name: portName, port, protocol }) => {
        const known = PROTOCOLS.find((each) => each === (protocol ?? 'TCP'));
        if (known === undefined || typeof port !== 'number') return [];
        return addresses.map((ip) => ({ ip, port, protocol: known, portName: asText(portName) ?? '' }));
      });
  });
};
