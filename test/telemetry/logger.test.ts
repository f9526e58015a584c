import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { LogFormat, LogLevel } from '../../src/config/config.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';

/** What is written by `log`, by a logger of that format and level. */
const written = (format: LogFormat, level: LogLevel, log: (logger: Logger) => void): string => {
  const stream = new PassThrough();
  log(createLogger({ format, level, stream }));
  return String(stream.read() ?? '');
};

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

describe('json', () => {
  test('is one object a line, with fields below a key of their own', () => {
    const text = written('json', 'info', (logger) => {
      logger.info('Synced', { rules: 3, level: 'x' });
      logger.warn('Slow');
    });
    const [first, second, rest] = text.split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      level: 'info',
      message: 'Synced',
      fields: { rules: 3, level: 'x' },
      timestamp: expect.stringMatching(TIME),
    });
    expect(JSON.parse(second ?? '')).toEqual({
      level: 'warn',
      message: 'Slow',
      timestamp: expect.stringMatching(TIME),
    });
    expect(rest).toBe('');
  });

  test('holds an error with its stack', () => {
    const line = JSON.parse(
      written('json', 'info', (logger) => logger.error('Failed', { error: new Error('no lock') })),
    ) as {
      readonly fields: { readonly error: { readonly message: string; readonly stack: string } };
    };
    expect(line.fields.error.message).toBe('no lock');
    expect(line.fields.error.stack).toContain('logger.test');
  });
});

describe('text', () => {
  const line = (message: string, fields?: Readonly<Record<string, unknown>>): string =>
    written('text', 'debug', (logger) => logger.info(message, fields)).replace(TIME, 'TIME');

  test('is a line for people', () => {
    expect(line('Synced', { pod: 'a/b', took: 3, why: 'two words', list: ['x'] })).toBe(
      'TIME INFO  Synced pod=a/b took=3 why="two words" list=["x"]\n',
    );
  });

  test('shows of an error its message', () => {
    expect(line('Failed', { error: new Error('no lock') })).toBe('TIME INFO  Failed error="no lock"\n');
  });

  test('no name can forge a line or move the cursor', () => {
    expect(line('Bad\nname', { pod: 'a\u001b[2J\nTIME ERROR', mark: '\u202e' })).toBe(
      'TIME INFO  Bad\\u{a}name pod="a\\u001b[2J\\nTIME ERROR" mark=\\u{202e}\n',
    );
  });

  test('a field cannot drown the line', () => {
    expect(line('Long', { name: 'x'.repeat(5000) }).length).toBeLessThan(1100);
  });
});

test.each<[LogLevel, readonly string[]]>([
  ['error', ['e']],
  ['warn', ['e', 'w']],
  ['info', ['e', 'w', 'i']],
  ['debug', ['e', 'w', 'i', 'd']],
])('level %s writes %j', (level, expected) => {
  const text = written('json', level, (logger) => {
    logger.error('e');
    logger.warn('w');
    logger.info('i');
    logger.debug('d');
  });
  const messages = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly message: string }).message);
  expect(messages).toEqual(expected);
});
