import { type Cidr, covers, parseCidr } from './cidr.ts';
import type { FieldPath } from '../model/field-path.ts';
import type { PeerSpec } from './parsed.ts';
import { parseSelector } from './parse-selector.ts';
import { type FaultSink, isAbsent, readList, readObject, readString } from './reader.ts';

const readCidr = (value: unknown, path: FieldPath, sink: FaultSink): Cidr | undefined => {
  const text = readString(value, path, sink);
  if (text === undefined) return undefined;
  const cidr = parseCidr(text);
  if (cidr === undefined) sink.report(path, `${JSON.stringify(text)} is not a CIDR such as 10.0.0.0/8 or fd00::/64`);
  return cidr;
};

const parseIpBlock = (value: unknown, path: FieldPath, sink: FaultSink): PeerSpec[] => {
  const fields = readObject(value, path, ['cidr', 'except'], sink);
  if (fields === undefined) return [];
  const cidr = readCidr(fields.cidr, [...path, 'cidr'], sink);
  const except = readList(fields.except, [...path, 'except'], sink).flatMap((each, at) => {
    const hole = readCidr(each, [...path, 'except', at], sink);
    if (hole === undefined || cidr === undefined) return [];
    if (!covers(cidr, hole) || hole.prefix === cidr.prefix) {
      sink.report([...path, 'except', at], `${String(each)} must lie within ${String(fields.cidr)} and be smaller`);
    }
    return [hole];
  });
  return cidr === undefined ? [] : [{ kind: 'ipBlock', block: { cidr, except } }];
};

/**
 * Reads a NetworkPolicyPeer: selectors or an ipBlock, never both. An empty peer is a fault, and does not match everything
 * (networking.k8s.io/v1 validation: "must specify a peer").
 */
export const parsePeer = (value: unknown, path: FieldPath, sink: FaultSink): PeerSpec[] => {
  const fields = readObject(value, path, ['podSelector', 'namespaceSelector', 'ipBlock'], sink);
  if (fields === undefined) return [];
  const { podSelector, namespaceSelector, ipBlock } = fields;
  const bySelector = !isAbsent(podSelector) || !isAbsent(namespaceSelector);
  if (!isAbsent(ipBlock)) {
    if (bySelector) sink.report(path, 'ipBlock cannot be combined with podSelector or namespaceSelector');
    return parseIpBlock(ipBlock, [...path, 'ipBlock'], sink);
  }
  if (!bySelector) {
    sink.report(path, 'must name a podSelector, a namespaceSelector or an ipBlock');
    return [];
  }
  const read = (selector: unknown, name: string) =>
    isAbsent(selector) ? undefined : parseSelector(selector, [...path, name], sink);
  return [
    {
      kind: 'pods',
      podSelector: read(podSelector, 'podSelector'),
      namespaceSelector: read(namespaceSelector, 'namespaceSelector'),
    },
  ];
};
