import type { FieldPath } from '../../model/field-path.ts';
import {
  type Cidr,
  covers,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  admitsAny,
  type IpBlock,
} from '../../policy/cidr.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { count, listFew } from '../words.ts';
import { writtenAt } from '../written.ts';
import type { ParsedPolicy } from '../../policy/parsed.ts';

interface PlacedBlock {
  readonly block: IpBlock;
  readonly field: FieldPath;
}

const blocksOf = (parsed: ParsedPolicy): readonly PlacedBlock[] =>
  rulesOf(parsed).flatMap(({ rule, peersField }) =>
    (rule.peers === 'any' ? [] : rule.peers).flatMap((peer, index) =>
      peer.kind === 'ipBlock' ? [{ block: peer.block, field: [...peersField, index, 'ipBlock'] }] : [],
    ),
  );

/** Finds blocks that contain addresses of pods: such a rule allows these pods whatever their labels are. */
export const findBlocksWithPods: CheckRule = ({ parsed }, { pods }) =>
  blocksOf(parsed).flatMap(({ block, field }): readonly Observation[] => {
    const held = pods.filter((pod) => !pod.hostNetwork && admitsAny(block, pod.ips));
    if (held.length === 0) return [];
    const names = listFew(held.map(({ namespace, name }) => `${namespace}/${name}`));
    return [
      {
        code: 'block-covers-pods',
        field: [...field, 'cidr'],
        message: `${formatCidr(block.cidr)} holds the addresses of ${count(held.length, 'pod')} (${names}): they are meant too, whatever their labels`,
        suggestion: 'except the range of the pods, and select pods by their labels',
      },
    ];
  });

const SINCE = 'Kubernetes refuses it since 1.36 (an object that has it already stays)';

/** Returns the canonical form of a CIDR that the API server refuses as written. */
const misspelt = (written: unknown, read: Cidr): Omit<Observation, 'field'> | undefined => {
  const text = typeof written === 'string' ? written : '';
  const [addressText = '', prefixText = ''] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const block = formatCidr(read);
  if (address.base !== read.base) {
    const single = `${formatAddress(address)}/${address.prefix}`;
    return {
      code: 'host-bits',
      message: `${text} has bits set past its prefix: ${SINCE}, older releases and Portcullis read ${block}`,
      suggestion: `write ${block}, or ${single} for the one address`,
    };
  }
  const hasZeros = /^0\d/.test(prefixText) || (read.family === 'ipv4' && /(?:^|\.)0\d/.test(addressText));
  if (!hasZeros) return undefined;
  return {
    code: 'leading-zeros',
    message: `${text} has leading zeros: ${SINCE}, older releases and Portcullis read ${block}`,
    suggestion: `write ${block}`,
  };
};

/** Finds CIDRs that the API server no longer accepts: with bits after the prefix, or with leading zeros. */
export const findMisspeltBlocks: CheckRule = ({ spec, parsed }) =>
  blocksOf(parsed).flatMap(({ block, field }) =>
    [
      { cidr: block.cidr, path: [...field, 'cidr'] },
      ...block.except.map((cidr, index) => ({ cidr, path: [...field, 'except', index] })),
    ].flatMap(({ cidr, path }): readonly Observation[] => {
      const found = misspelt(writtenAt({ spec }, path), cidr);
      if (found === undefined) return [];
      const isCertain = found.code === 'leading-zeros';
      return [
        {
          ...found,
          field: path,
          ...(isCertain ? { repairs: [{ kind: 'value' as const, field: path, value: formatCidr(cidr) }] } : {}),
        },
      ];
    }),
  );

/** Blocks whose addresses no packet between pods and others has. */
const UNREACHABLE: readonly { readonly cidr: string; readonly why: string }[] = [
  { cidr: '127.0.0.0/8', why: 'loopback addresses never leave a pod' },
  { cidr: '::1/128', why: 'loopback addresses never leave a pod' },
  { cidr: '0.0.0.0/8', why: 'no host has an address of 0.0.0.0/8 (RFC 1122)' },
];

/** Finds blocks that no packet can match, such as `0.0.0.0/32` instead of every address. */
export const findUnreachableBlocks: CheckRule = ({ parsed }) =>
  blocksOf(parsed).flatMap(({ block, field }): readonly Observation[] => {
    const found = UNREACHABLE.find(({ cidr }) => {
      const outer = parseCidr(cidr);
      return outer !== undefined && covers(outer, block.cidr);
    });
    if (found === undefined) return [];
    const isZero = block.cidr.base === 0n;
    return [
      {
        code: 'block-unreachable',
        field: [...field, 'cidr'],
        message: `${formatCidr(block.cidr)} allows nothing: ${found.why}`,
        suggestion: isZero
          ? 'write 0.0.0.0/0 if every IPv4 address is meant'
          : 'remove the entry: a pod always reaches itself',
      },
    ];
  });

/** Finds egress blocks with addresses of Services, which are translated to pods' addresses before policies apply. */
export const findServiceAddresses: CheckRule = ({ parsed }, { services }) =>
  blocksOf(parsed).flatMap(({ block, field }): readonly Observation[] => {
    // Nobody writes a wide block because of a Service.
    if (field[1] !== 'egress' || block.cidr.prefix < (block.cidr.family === 'ipv4' ? 24 : 64)) return [];
    const held = services.filter(
      ({ namespace, name, clusterIPs }) =>
        // With NodeLocal DNSCache, the address of this Service is one of the node.
        !(namespace === 'kube-system' && name === 'kube-dns') && admitsAny(block, clusterIPs),
    );
    if (held.length === 0) return [];
    const names = listFew(held.map(({ namespace, name }) => `${namespace}/${name}`));
    return [
      {
        code: 'service-address',
        field: [...field, 'cidr'],
        message: `${formatCidr(block.cidr)} holds the address of Service ${names}: policies apply after the Service has chosen a pod, and see the pod's address`,
        suggestion: 'select the pods behind the Service by podSelector and namespaceSelector',
      },
    ];
  });
