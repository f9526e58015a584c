import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { LogFormat, LogLevel } from '../../src/config/config.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';

/** Returns what `log` writes with a logger of that format and level. */
const written = (format: LogFormat, level: LogLevel, log: (logger: Logger) => void): string => {
  const stream = new PassThrough();
  log(createLogger({ format, level, stream }));
  return String(stream.read() ?? '');
};

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/;

describe('JSON log', () => {
  test('the JSON log has one object per line, with fields below a key of their own', () => {
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

  test('the JSON log has an error’s stack', () => {
    const line = JSON.parse(
      written('json', 'info', (logger) => logger.error('Failed', { error: new Error('no lock') })),
    ) as {
      readonly fields: { readonly error: { readonly message: string; readonly stack: string } };
    };
    expect(line.fields.error.message).toBe('no lock');
    expect(line.fields.error.stack).toContain('logger.test');
  });
});

describe('foreign text in the log', () => {
  test.each<LogFormat>(['json', 'text'])(
    'foreign text in the %s log cannot forge lines or control a terminal',
    (format) => {
      const hostile = 'a\u001b[2J\u009b2J\n{"level":"error"}\r\u202e\u2028\u007f\0';
      const text = written(format, 'info', (logger) => {
        logger.info(hostile, { name: hostile, list: [hostile], error: new Error(hostile), [hostile]: 1 });
      });
      expect(text.endsWith('\n')).toBe(true);
      expect(text.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    },
  );

  test.each<LogFormat>(['json', 'text'])('foreign text in the %s log cannot drown a line', (format) => {
    const long = 'x'.repeat(100_000);
    const text = written(format, 'info', (logger) => {
      logger.info('Long', { long, list: [long], error: new Error(long), nested: { a: { b: long } } });
    });
    expect(text.length).toBeLessThan(12_000);
  });

  test('the JSON log keeps the content of foreign text', () => {
    const text = written('json', 'info', (logger) => logger.info('Odd', { name: 'a\u009b\u202eb' }));
    expect(JSON.parse(text)).toMatchObject({ fields: { name: 'a\u009b\u202eb' } });
  });
});

describe('floods of log lines', () => {
  const flood = (): readonly string[] => {
    const stream = new PassThrough();
    let now = 0;
    const logger = createLogger({ format: 'text', level: 'info', stream, now: () => now });
    for (let at = 0; at < 1000; at += 1) logger.warn('Flood', { at });
    logger.error('Failed');
    now += 1000;
    logger.warn('Later');
    return String(stream.read()).replaceAll(new RegExp(TIME, 'g'), 'TIME').split('\n');
  };

  test('a flood of log lines is cut off, and the number of dropped lines is logged', () => {
    const lines = flood();
    expect(lines.filter((line) => line.includes('Flood'))).toHaveLength(200);
    expect(lines.slice(-3)).toEqual([
      'TIME WARN  log lines dropped by rate limiting lines=800',
      'TIME WARN  Later',
      '',
    ]);
  });

  test('a flood of warnings suppresses no error', () => {
    expect(flood()).toContain('TIME ERROR Failed');
  });
});

describe('text log', () => {
  const line = (message: string, fields?: Readonly<Record<string, unknown>>): string =>
    written('text', 'debug', (logger) => logger.info(message, fields)).replace(TIME, 'TIME');

  test('the text log has a line for people', () => {
    expect(line('Synced', { pod: 'a/b', took: 3, why: 'two words', list: ['x'] })).toBe(
      'TIME INFO  Synced pod=a/b took=3 why="two words" list=["x"]\n',
    );
  });

  test('the text log has an error’s message', () => {
    expect(line('Failed', { error: new Error('no lock') })).toBe('TIME INFO  Failed error="no lock"\n');
  });

  test('no name can forge a line or move the cursor in the text log', () => {
    expect(line('Bad\nname', { pod: 'a\u001b[2J\nTIME ERROR', mark: '\u202e' })).toBe(
      'TIME INFO  Bad\\u{a}name pod="a\\u001b[2J\\nTIME ERROR" mark=\\u{202e}\n',
    );
  });

  test('no field can drown a line of the text log', () => {
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
