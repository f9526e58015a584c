import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runCli } from '../../../src/cli/run-cli.ts';
import { createProgress } from '../../../src/cli/progress.ts';
import { VERBS } from '../../../src/cli/verbs.ts';
import { runVerbs } from '../../support/run-verbs.ts';

const REPLICAS = join(relative(process.cwd(), import.meta.dirname), 'replicas.yaml');

const matrix = async (...args: readonly string[]): Promise<string> =>
  (await runVerbs('matrix', '-f', REPLICAS, ...args)).out;

const linesOf = async (...args: readonly string[]): Promise<readonly string[]> => (await matrix(...args)).split('\n');

/** The same in a window of that many columns. */
const inWindow = async (columns: number, ...args: readonly string[]): Promise<readonly string[]> => {
  let out = '';
  const io = { env: { COLUMNS: String(columns) }, out: (text: string) => void (out += text), err: () => undefined };
  await runCli(['matrix', '-f', REPLICAS, ...args], io, VERBS);
  return out.split('\n');
};

describe('a matrix of workloads with replicas', () => {
  test('matrix has one row for replicas, with their number, and separate rows for pods with other verdicts', async () => {
    expect((await linesOf()).slice(0, 5)).toEqual([
      'from \\ to           outside  shop/postgres-0  shop/postgres-1 +1  shop/web ×3',
      'outside             .        -                -                   all',
      'shop/postgres-0     all      .                -                   all',
      'shop/postgres-1 +1  all      TCP 5432         TCP 5432            all',
      'shop/web ×3         all      TCP 5432         -                   all',
    ]);
  });

  test('matrix has a row for each source and a column for each destination, each once', async () => {
    expect((await linesOf('--from', 'shop/postgres', '--to', 'shop/postgres')).slice(0, 3)).toEqual([
      'from \\ to           shop/postgres-0  shop/postgres-1 +1',
      'shop/postgres-0     .                -',
      'shop/postgres-1 +1  TCP 5432         TCP 5432',
    ]);
    expect((await linesOf('--from', 'shop/web')).slice(0, 3)).toEqual([
      'from \\ to    outside  shop/postgres-0  shop/postgres-1 +1  shop/web ×3',
      'shop/web ×3  all      TCP 5432         -                   all',
      '',
    ]);
    expect(await linesOf('--summary', '--from', 'shop/postgres', '--to', 'shop/postgres')).toContain(
      '2 workloads, 3 pods',
    );
  });

  test('matrix prints the reason of a connection between two pods of one workload', async () => {
    const lines = await linesOf('--from', 'shop/postgres', '--to', 'shop/postgres');
    expect(lines).toContain('shop/postgres-1 +1 → shop/postgres-1 +1: TCP 5432');
  });

  test('matrix --pods has a row for each pod', async () => {
    const heads = (await linesOf('--pods')).slice(1, 8).map((line) => line.split(' ')[0]);
    expect(heads).toEqual([
      'outside',
      ...[0, 1, 2].map((at) => `shop/postgres-${at}`),
      ...[0, 1, 2].map((at) => `shop/web-${at}`),
    ]);
  });

  test('matrix --summary prints the numbers of allowed and denied connections', async () => {
    expect(await linesOf('--summary')).toEqual([
      '3 workloads, 6 pods',
      'Connections between workloads: 8, of them 3 at every port, 3 at some ports, 2 denied',
      '    3 of them are ruled by no policy: every port is open',
      'Connections between pods: 30, of them 15 at every port, 7 at some ports, 8 denied',
      'Workloads as seen from outside: 3, of them 1 at every port, 0 at some ports, 2 denied',
      'The outside as seen from workloads: 3, of them 3 at every port, 0 at some ports, 0 denied',
      '',
    ]);
  });

  test('matrix --summary for one pod of a workload leaves out the pod itself', async () => {
    const [, between, pods] = await linesOf('--summary', '--from', 'shop/web-1', '--to', 'shop/web');
    expect([between, pods]).toEqual([
      'Connections between workloads: 1, of them 1 at every port, 0 at some ports, 0 denied',
      '    1 of them are ruled by no policy: every port is open',
    ]);
    expect(await matrix('--summary', '--from', 'shop/web-1', '--to', 'shop/web')).toContain(
      'Connections between pods: 2, of them 2 at every port',
    );
    expect(await matrix('--summary', '--from', 'shop/web-1', '--to', 'shop/web-1')).not.toContain('between');
  });
});

test('matrix of an input without pods is an error that says what is missing, not an empty table', async () => {
  const { code, out, err } = await runVerbs('matrix', 'test/check/wrong/no-dns.yaml');
  expect([code, out]).toEqual([1, '']);
  expect(err).toBe(
    'portcullis matrix: the input has no pods, and no workloads that make them: give them along with the policies\n',
  );
});

describe('a table that is wider than the window', () => {
  const WAYS = 'All of it: -o wide, csv, json, dot or svg. Less of it: -n NAMESPACE, --from, --to.';

  test('matrix says that the table is too wide, and numbers the columns of one that fits', async () => {
    const lines = await inWindow(60);
    expect(lines.slice(0, 9)).toEqual([
      'The table needs 77 characters or more, and there is room for 60.',
      'Here rows that are alike are one, and so are columns, which have numbers.',
      WAYS,
      '',
      'from \\ to           1    2         3         4',
      'outside             .    -         -         all',
      'shop/postgres-0     all  .         -         all',
      'shop/postgres-1 +1  all  TCP 5432  TCP 5432  all',
      'shop/web ×3         all  TCP 5432  -         all',
    ]);
    expect(lines).toContain('  3: shop/postgres-1 +1');
    expect((await inWindow(77))[0]).toContain('from \\ to');
  });

  test('matrix prints numbered columns in several tables where one is too wide', async () => {
    const lines = await inWindow(35);
    expect(lines.filter((line) => line.startsWith('from'))).toEqual([
      'from \\ to           1    2',
      'from \\ to           3         4',
    ]);
  });

  test('matrix prints no table where no form fits, but its width and the form that has all of it', async () => {
    const [narrow, ways] = await inWindow(25);
    expect(narrow).toBe('The table has 4 columns and needs 77 characters or more; there is room for 25.');
    expect(ways).toBe(WAYS);
  });

  test('matrix -o wide prints a table of any width', async () => {
    expect((await inWindow(10, '-o', 'wide'))[0]).toContain('shop/web ×3');
  });
});

describe('a matrix as', () => {
  test('CSV has a line for each connection, the denied ones too', async () => {
    const [head, ...lines] = (await linesOf('-o', 'csv')).slice(0, -1);
    expect(head).toBe('from,from_pods,to,to_pods,verdict,ports,ruled');
    expect(lines).toHaveLength(3 + 3 + 8);
    expect(lines).toContain('shop/postgres-0,1,shop/postgres-1 +1,2,denied,none,true');
    expect(lines).toContain('shop/web,3,shop/web,3,every,all,false');
  });

  test('DOT has an arrow for each connection that is allowed', async () => {
    const dot = await matrix('-o', 'dot');
    expect(dot).toContain('subgraph "cluster_shop" { label="shop"; "shop/postgres-0"');
    expect(dot).toContain('  "shop/web" -> "shop/postgres-0" [label="TCP 5432"];\n');
    expect(dot).not.toContain('"shop/web" -> "shop/postgres-1 +1"');
  });

  test('SVG has a square for each connection, with its names and ports', async () => {
    const svg = await matrix('-o', 'svg');
    expect(svg.match(/<title>/g)).toHaveLength(3 + 3 + 8);
    expect(svg).toContain('<title>shop/web → shop/postgres-0: TCP 5432</title>');
    expect(svg).toContain('<title>shop/web → shop/postgres-1 +1: none</title>');
  });
});

describe('progress', () => {
  const watch = (isTerminal: boolean) => {
    let [clock, err] = [0, ''];
    const io = { env: {}, out: () => undefined, err: (text: string) => void (err += text) };
    const progress = createProgress(io, isTerminal, () => clock);
    return {
      at(ms: number, what: string) {
        clock = ms;
        progress.at(what, 0.5);
      },
      begin: progress.begin,
      hide: progress.hide,
      text: () => err,
    };
  };

  test('matrix shows progress on a terminal after a second, up to five times a second, and erases it at the end', () => {
    const { at, hide, text } = watch(true);
    at(999, 'a');
    expect(text()).toBe('');
    at(1_000, 'b');
    at(1_100, 'c');
    at(1_200, 'd');
    hide();
    expect(text()).toBe('\r\u001b[Kb 50 % …\r\u001b[Kd 50 % …\r\u001b[K');
  });

  test('matrix shows progress at once where it will be silent for long, and again after a note', () => {
    const { at, begin, hide, text } = watch(true);
    begin('reading');
    hide();
    hide();
    at(200, 'b');
    expect(text()).toBe('\r\u001b[Kreading …\r\u001b[K\r\u001b[Kb 50 % …');
  });

  test('matrix shows no progress elsewhere than on a terminal', () => {
    const { at, begin, hide, text } = watch(false);
    begin('reading');
    at(5_000, 'a');
    hide();
    expect(text()).toBe('');
  });
});
