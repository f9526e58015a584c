import type { FieldPath } from '../../model/field-path.ts';
import { type Cidr, formatCidr, parseAddress } from '../../policy/cidr.ts';
import { admits, type IpBlock } from '../../policy/ip-block.ts';
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

/** Blocks that hold addresses of pods, which then pass whatever their labels are. */
export const findBlocksWithPods: CheckRule = ({ parsed }, { pods }) =>
  blocksOf(parsed).flatMap(({ block, field }): readonly Observation[] => {
    const held = pods.filter(
      (pod) =>
        !pod.hostNetwork &&
        pod.ips.some((ip) => {
          const address = parseAddress(ip);
          return address !== undefined && admits(block, address);
        }),
    );
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

const hostBits = (written: unknown, read: Cidr): string | undefined => {
  const text = typeof written === 'string' ? written : '';
  const address = parseAddress(text.split('/')[0] ?? '');
  return address === undefined || address.base === read.base ? undefined : text;
};

/** CIDRs whose address has bits past the prefix, which are not heeded. */
export const findHostBits: CheckRule = ({ spec, parsed }) =>
  blocksOf(parsed).flatMap(({ block, field }) =>
    [
      { cidr: block.cidr, path: [...field, 'cidr'] },
      ...block.except.map((cidr, index) => ({ cidr, path: [...field, 'except', index] })),
    ].flatMap(({ cidr, path }): readonly Observation[] => {
      const text = hostBits(writtenAt({ spec }, path), cidr);
      if (text === undefined) return [];
      const address = text.split('/')[0] ?? '';
      return [
        {
          code: 'host-bits',
          field: path,
          message: `${text} is read as ${formatCidr(cidr)}`,
          suggestion: `write ${formatCidr(cidr)}, or ${address}/${cidr.family === 'ipv4' ? 32 : 128} for the one address`,
        },
      ];
    }),
  );
