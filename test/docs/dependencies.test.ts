import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** The packages that become part of the product, by the lock file. */

const ROOT = path.join(import.meta.dirname, '../..');

interface LockedPackage {
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));

const { packages } = read('package-lock.json') as { readonly packages: Readonly<Record<string, LockedPackage>> };
const nameOf = (place: string): string => place.replace(/^.*node_modules\//, '');
const locked = Object.entries(packages)
  .filter(([place]) => place !== '')
  .map(([place, entry]) => ({ name: nameOf(place), ...entry }));
const production = locked.filter(({ dev }) => dev !== true);

/** Licences (SPDX) that require only their own text, which the image has. */
const LICENCES = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
];

describe('dependencies', () => {
  test('the packages that the following tests examine exist', () => {
    expect(production.length).toBeGreaterThan(20);
    expect(locked.length).toBeGreaterThan(production.length);
  });

  test('packages in the product have licences that are compatible with its own', () => {
    expect(production.filter(({ license = 'none' }) => !LICENCES.includes(license))).toEqual([]);
  });

  test('packages in the product are pinned by a digest of their contents', () => {
    expect(production.filter(({ integrity = '' }) => !integrity.startsWith('sha512-'))).toEqual([]);
  });

  test('packages run no install script, unless that was decided', () => {
    const { allowScripts } = read('package.json') as { readonly allowScripts: Readonly<Record<string, boolean>> };
    const withScripts = new Set(
      locked.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name),
    );
    expect([...withScripts].toSorted()).toEqual(Object.keys(allowScripts).toSorted());
    const needed = Object.entries(allowScripts).filter(([, allowed]) => allowed);
    expect(needed.map(([name]) => name).toSorted()).toEqual(['esbuild', 'node']);
  });
});
