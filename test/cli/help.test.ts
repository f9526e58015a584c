import { describe, expect, test } from '@jest/globals';
import { PLUGIN_VERBS } from '../../src/cli/plugin/verbs.ts';
import { KUBECTL_PORTCULLIS, runCli } from '../../src/cli/run-cli.ts';
import { VERBS } from '../../src/cli/verbs.ts';

const WIDTH = 80;

const helpOfPlugin = async (...args: readonly string[]): Promise<string> => {
  let out = '';
  const io = { env: {}, out: (text: string) => void (out += text), err: () => undefined };
  expect(await runCli([...args, '--help'], io, PLUGIN_VERBS, KUBECTL_PORTCULLIS)).toBe(0);
  return out;
};

const helpOf = async (...args: readonly string[]): Promise<string> => {
  let out = '';
  const io = { env: {}, out: (text: string) => void (out += text), err: () => undefined };
  expect(await runCli([...args, '--help'], io, VERBS)).toBe(0);
  return out;
};

const tooLong = (text: string): readonly string[] => text.split('\n').filter((line) => line.length > WIDTH);

describe('help', () => {
  test('the help of the program fits 80 columns and shows examples', async () => {
    const help = await helpOf();
    expect(tooLong(help)).toEqual([]);
    expect(help).toMatch(/^ {2}portcullis play /m);
  });

  test.each(PLUGIN_VERBS.map(({ name }) => name))('the help of kubectl portcullis %s fits 80 columns', async (verb) => {
    const help = await helpOfPlugin(verb);
    expect(tooLong(help)).toEqual([]);
    expect(help).toMatch(new RegExp(`^Usage: kubectl portcullis ${verb} `));
    expect(tooLong(await helpOfPlugin())).toEqual([]);
  });

  test.each(VERBS.map(({ name }) => name))('the help of %s fits 80 columns and has an example', async (verb) => {
    const help = await helpOf(verb);
    expect(tooLong(help)).toEqual([]);
    expect(help).toMatch(new RegExp(`^Examples?:\n(?:.*\n)*? {2}.*portcullis ${verb}\\b`, 'm'));
  });
});
