import { describe, expect, test } from '@jest/globals';
import type { PageCluster } from '../../src/page/cluster.ts';
import type { SeenFact } from '../../src/page/entries.ts';
import { compareEdgeLists, withChanges } from '../../src/page/edge-changes.ts';
import { defaultStates, filterPicture } from '../../src/page/filter.ts';
import { layOut } from '../../src/page/layout.ts';
import { drawPicture } from '../../src/page/picture.ts';
import { INITIAL_VIEW, readView, type ViewState, writeView } from '../../src/page/view-state.ts';
import { compareBase, compareEdit } from '../../src/page/what-if.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const WEB = pod(
  'shop/web-1',
  { app: 'web' },
  { ips: ['10.0.0.1'], ports: [{ name: undefined, protocol: 'TCP', port: 80 }] },
);
const WEB_2 = pod(
  'shop/web-2',
  { app: 'web' },
  { ips: ['10.0.0.2'], ports: [{ name: undefined, protocol: 'TCP', port: 80 }] },
);
const DB = pod(
  'data/db',
  { app: 'db' },
  { ips: ['10.0.0.3'], ports: [{ name: undefined, protocol: 'TCP', port: 5432 }] },
);

const ONLY_API = policy('data/only-api', {
  podSelector: { matchLabels: { app: 'db' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 5432 }] }],
});

const SEEN: SeenFact = {
  kind: 'seen',
  from: '10.0.0.1',
  to: '10.0.0.3',
  protocol: 'TCP',
  port: 5432,
  verdict: 'refused',
  count: 3,
  first: 10,
  last: 20,
};

const shop = (seen: readonly SeenFact[] = [], policies = [ONLY_API]): PageCluster => ({
  snapshot: cluster({ shop: {}, data: {} }, [WEB, WEB_2, DB], policies),
  workloadOf: ({ name }) => ({ kind: 'Deployment', name: name.replace(/-\d$/, '') }),
  outside: [],
  seen,
  events: [],
  problems: [],
  stories: [],
  base: new Map(),
});

const edgesOf = (given: PageCluster) =>
  drawPicture(given).picture.edges.map(
    ({ state, from, to, ports, count }) => `${state} ${from} ${to} ${ports} ${count}`,
  );

const view = (part: Partial<ViewState>): ViewState => ({ ...INITIAL_VIEW, ...part });

test('a state is compared with the policies of another one, and each pair says which ports open and close', () => {
  const lockedWeb = policy('shop/locked', { podSelector: { matchLabels: { app: 'web' } }, ingress: [] });
  const given = { ...shop([]), base: new Map([[lockedWeb.key, lockedWeb]]) };
  expect(compareBase(drawPicture(given), given)).toEqual([
    { from: 'data/db', to: 'shop/web', opens: 'all', closes: '' },
    { from: 'shop/web', to: 'data/db', opens: '', closes: 'all' },
    { from: 'shop/web', to: 'shop/web', opens: 'all', closes: '' },
  ]);
  expect(compareBase(drawPicture(shop([])), { ...shop([]), base: shop([]).snapshot.policies })).toEqual([]);
});

describe('the picture of a cluster', () => {
  test('replicas are folded into one workload, with what isolates it', () => {
    const { nodes } = drawPicture(shop()).picture;
    expect(nodes.map(({ id, pods, ingress, egress }) => [id, pods, ingress, egress])).toEqual([
      ['data/db', 1, ['data/only-api'], undefined],
      ['shop/web', 2, undefined, undefined],
    ]);
  });

  test('a port that the destination declares and policies refuse would be refused', () => {
    expect(edgesOf(shop())).toEqual(['untried shop/web data/db TCP 5432 0']);
  });

  test('connections of all replicas that were seen count as one edge', () => {
    expect(edgesOf(shop([SEEN, { ...SEEN, from: '10.0.0.2', count: 4 }]))).toEqual([
      'refused shop/web data/db TCP 5432 7',
    ]);
  });

  test('an address outside that was seen stands for what people call it', () => {
    const outside = ['203.0.113.9', '10.9.9.9', '169.254.169.254'].map((from) => ({ ...SEEN, from }));
    expect(edgesOf(shop(outside)).filter((edge) => edge.includes('outside'))).toEqual([
      'refused outside/internet data/db TCP 5432 3',
      'refused outside/private network data/db TCP 5432 3',
      'refused outside/cloud metadata data/db TCP 5432 3',
    ]);
  });

  test('a rule that nobody was seen using is drawn as such', () => {
    const open = policy('data/web', {
      podSelector: {},
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 5432 }] }],
    });
    expect(edgesOf(shop([], [open]))).toEqual(['unused shop/web data/db TCP 5432 0']);
  });

  test('the matrix has the ports of each pair, and none for a pod and itself', () => {
    const { matrix } = drawPicture(shop()).picture;
    const rows = matrix.ids.map((_, row) =>
      matrix.ids.map((__, column) => {
        const id = matrix.cells[row * matrix.ids.length + column] ?? -1;
        return id < 0 ? '-' : matrix.texts.get(id);
      }),
    );
    expect([matrix.ids, rows]).toEqual([
      ['data/db', 'shop/web'],
      [
        ['-', 'all'],
        ['none', 'all'],
      ],
    ]);
  });

  test('an edit shows what it opens and which seen connections it cuts', () => {
    const given = shop([{ ...SEEN, from: '10.0.0.3', to: '10.0.0.1', port: 80, verdict: 'allowed' }]);
    const drawn = drawPicture(given);
    const allow = policy('data/only-api', { podSelector: {}, ingress: [{ ports: [{ port: 5432 }] }] });
    expect(compareEdit(drawn, given, [allow])).toEqual({
      pairs: [{ from: 'shop/web', to: 'data/db', opens: 'TCP 5432', closes: '' }],
      cut: [],
    });
    const deny = policy('shop/deny', { podSelector: {} });
    expect(compareEdit(drawn, given, [deny]).cut).toEqual([
      { from: 'data/db', to: 'shop/web', ports: 'TCP 80', count: 3 },
    ]);
  });
});

describe('the changes of edges', () => {
  test('a picture with the changes applied has the edges of the next picture', () => {
    const before = drawPicture(shop([SEEN])).picture.edges;
    const after = drawPicture(
      shop([
        { ...SEEN, count: 4 },
        { ...SEEN, from: '203.0.113.9' },
      ]),
    ).picture.edges;
    const changes = compareEdgeLists(before, after);
    expect(changes.changed.map(({ id }) => id)).toEqual([
      'refused|shop/web|data/db|TCP|5432',
      'refused|outside/internet|data/db|TCP|5432',
    ]);
    expect(withChanges(before, changes)).toEqual(after);
    expect(withChanges(after, compareEdgeLists(after, before))).toEqual(before);
    expect(compareEdgeLists(after, after)).toEqual({ changed: [], removed: [] });
  });
});

describe('the layout of the map', () => {
  const { nodes } = drawPicture(shop()).picture;

  test('the same names have the same places, whatever their order is', () => {
    expect([...layOut(nodes.toReversed()).places].sort()).toEqual([...layOut(nodes).places].sort());
  });

  test('500 namespaces with 3 workloads each do not overlap', () => {
    const many = Array.from({ length: 1_500 }, (_, at) => ({
      ...(nodes[0] ??
        (() => {
          throw new Error('no node');
        })()),
      id: `ns${at % 500}/w${at}`,
      namespace: `ns${at % 500}`,
    }));
    const { islands, places } = layOut(many);
    expect([islands.length, places.size]).toEqual([500, 1_500]);
    const overlaps = islands.flatMap((one, at) =>
      islands
        .slice(at + 1)
        .filter(
          (other) =>
            one.x < other.x + other.width &&
            other.x < one.x + one.width &&
            one.y < other.y + other.height &&
            other.y < one.y + one.height,
        ),
    );
    expect(overlaps).toEqual([]);
  });
});

describe('the view', () => {
  test.each([
    [view({})],
    [
      view({
        view: 'matrix',
        states: ['refused'],
        namespaces: ['a', 'b&c'],
        search: 'app=web 80',
        selected: 'refused|a/b|c/d|TCP|80',
        focus: 'to',
        at: 5,
      }),
    ],
    [view({ states: [] })],
  ])('a view that was written as a query is read as it was', (given) => {
    expect(readView(`?${writeView(given)}`)).toEqual(given);
  });

  test('a query that makes no sense is the view at the start', () => {
    expect(readView('?view=script&show=x&focus=9&at=-1&sel=')).toEqual(view({ states: [] }));
  });

  test('the search selects workloads by name and label, and edges by port', () => {
    const { picture } = drawPicture(shop([SEEN]));
    const found = (search: string) => {
      const { found: nodes, edges } = filterPicture(picture, view({ search }), true);
      return [nodes === undefined ? 'all' : [...nodes], edges.length];
    };
    expect(['app=db', 'web', '5432', 'tcp/81'].map(found)).toEqual([
      [['data/db'], 1],
      [['shop/web'], 1],
      ['all', 1],
      ['all', 0],
    ]);
  });

  test('namespaces and states that nobody chose are hidden', () => {
    const { picture } = drawPicture(shop([SEEN]));
    expect(filterPicture(picture, view({ namespaces: ['shop'] }), true)).toMatchObject({
      edges: [],
      nodes: [{ id: 'shop/web' }],
    });
    expect(filterPicture(picture, view({ states: ['allowed'] }), true).edges).toEqual([]);
    expect(defaultStates(picture, true)).not.toContain('untried');
  });
});
