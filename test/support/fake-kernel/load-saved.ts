import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';
import { createFakeHost, type FakeHost } from './host.ts';
import { restoreSetLine } from './restore-sets.ts';
import { restoreTable } from './restore-table.ts';

/** What the tools print of a real packet filter. */
export interface Saved {
  /** `iptables-save -t filter` of each family. */
  readonly tables: Readonly<Record<IpFamily, string>>;
  /** `ipset save` */
  readonly sets: string;
}

const DECLARED = /^:(PORTCULLIS-\S+) /;

/** A fake that holds the same as the real one, for packets to be walked through. @throws Refusal for what it does not know */
export const loadSaved = ({ tables, sets }: Saved): FakeHost => {
  const host = createFakeHost();
  for (const line of sets.split('\n').filter((each) => each !== '')) {
    restoreSetLine(host, line.replaceAll(/ (?:bucketsize|initval) \S+/g, ''));
  }
  for (const family of IP_FAMILIES) {
    const lines = tables[family].split('\n');
    const declared = lines.flatMap((line) => DECLARED.exec(line)?.[1] ?? []);
    const text = [
      '*filter',
      ...declared.map((name) => `:${name} - [0:0]`),
      ...lines.filter((line) => /^-A /.test(line)),
    ];
    restoreTable(host, family, [...text, 'COMMIT', ''].join('\n'));
  }
  return host;
};
