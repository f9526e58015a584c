import { expect, test } from '@jest/globals';
import { parseDpkgStatus } from '../../../scripts/sbom/dpkg-status.ts';

const STATUS = `Package: ipset
Status: install ok installed
Priority: optional
Architecture: amd64
Version: 7.17-1
Depends: libc6 (>= 2.34), libipset13 (>= 7.17)
Description: administration tool for kernel IP sets
 IP sets are a framework inside the Linux kernel.
 Version: none of this one

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1.0

Package: iptables
Status: install ok installed
Architecture: amd64
Version: 1:1.8.9-2+b1
`;

test('only installed packages count', () => {
  expect(parseDpkgStatus(STATUS)).toEqual([
    { name: 'ipset', version: '7.17-1', architecture: 'amd64' },
    { name: 'iptables', version: '1:1.8.9-2+b1', architecture: 'amd64' },
  ]);
});

test('an empty database has no packages', () => {
  expect(parseDpkgStatus('')).toEqual([]);
});
