import type { FakeHost, FakeTable } from './host.ts';

/** What `ipset save` prints. */
export const savedSets = ({ sets }: FakeHost): string =>
  [...sets.values()]
    .flatMap(({ name, type, family, hashSize, maxElements, timeout, members }) => [
      `create ${name} ${type} family ${family === 'ipv4' ? 'inet' : 'inet6'} ` +
        `hashsize ${hashSize} maxelem ${maxElements}${timeout === undefined ? '' : ` timeout ${timeout}`} bucketsize 12 initval 0x5ca1ab1e\n`,
      ...[...members].map((member) => `add ${name} ${member}${timeout === undefined ? '' : ` timeout ${timeout}`}\n`),
    ])
    .join('');

/** What `iptables -S` prints. */
export const listedTable = (table: FakeTable): string => {
  const chains = [...table.values()].sort(
    (a, b) => Number(b.builtin) - Number(a.builtin) || (a.name < b.name ? -1 : 1),
  );
  return [
    ...chains.map(({ name, builtin }) => (builtin ? `-P ${name} ACCEPT` : `-N ${name}`)),
    ...chains.flatMap(({ name, rules }) => rules.map(({ text }) => `-A ${name} ${text}`)),
    '',
  ].join('\n');
};
