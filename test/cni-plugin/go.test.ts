import path from 'node:path';
import { expect, test } from '@jest/globals';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';

/** The plugin's own tests are in Go: samples of configurations, rewrites, deadlines, exemptions, removal. */

const SOURCES = path.join(import.meta.dirname, '../../cni-plugin');
const TEST_MS = 300_000;

const go = createCommandRunner(['env', 'CGO_ENABLED=0', 'GOTOOLCHAIN=local', 'GOFLAGS=']);

/** Runs the tests and returns what they print. Go prints the reasons of its failures to standard output. */
const printedByTests = async (): Promise<string | undefined> => {
  try {
    return await go.run('go', ['-C', SOURCES, 'test', '-count=1', '.'], { timeoutMs: TEST_MS });
  } catch (error) {
    if (error instanceof CommandError) return error.stdout + error.message;
    throw error;
  }
};

test(
  'the Go tests of the CNI plugin pass',
  async () => {
    expect(await printedByTests()).toMatch(/^ok\s/);
  },
  TEST_MS,
);

test(
  'the sources of the CNI plugin are formatted, and need no external module',
  async () => {
    expect(await go.run('gofmt', ['-l', SOURCES])).toBe('');
    expect((await go.run('go', ['-C', SOURCES, 'list', '-m', 'all'])).trim()).toBe('portcullis/cni-plugin');
  },
  TEST_MS,
);
