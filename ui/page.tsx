import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { messageOf } from '../src/model/message-of.ts';
import { withChanges } from '../src/page/edge-changes.ts';
import { filterPicture } from '../src/page/filter.ts';
import type { Report } from '../src/page/questions.ts';
import { readView, type ViewName, type ViewState, writeView } from '../src/page/view-state.ts';
import { type Client, openClient } from './client.ts';
import { MapView } from './map/map.tsx';
import type { Change } from './map/scene.ts';
import { EdgeDrawer } from './parts/edge-drawer.tsx';
import { edgeOfPair, MatrixView } from './parts/matrix-view.tsx';
import { Notices } from './parts/notices.tsx';
import { NodeDrawer } from './parts/node-drawer.tsx';
import { PoliciesView } from './parts/policies-view.tsx';
import { StoryPanel } from './parts/story-panel.tsx';
import { Side } from './parts/side.tsx';
import { TimeView } from './parts/time-view.tsx';
import { chooseTheme, themeNow } from './theme.ts';
import { ago } from './words.ts';

type PictureReport = Extract<Report, { tell: 'picture' }>;
type Connection = Extract<Report, { tell: 'connection' }>;

const VIEW_NAMES: Readonly<Record<ViewName, string>> = {
  map: 'Map',
  matrix: 'Matrix',
  policies: 'Policies',
  time: 'Time line',
};

const useView = (): readonly [ViewState, (change: Partial<ViewState>) => void] => {
  const [view, setView] = useState(() => readView(location.search));
  const latest = useRef(view);
  const change = (part: Partial<ViewState>): void => {
    latest.current = { ...latest.current, ...part };
    const query = writeView(latest.current);
    history.replaceState(null, '', query === '' ? location.pathname : `?${query}`);
    setView(latest.current);
  };
  return [view, change];
};

const useNow = (): number => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
};

const withEdges = (before: PictureReport, { changes, events }: Extract<Report, { tell: 'edges' }>): PictureReport => ({
  ...before,
  events,
  picture: { ...before.picture, edges: withChanges(before.picture.edges, changes) },
});

const stateText = (connection: Connection | undefined, now: number): string => {
  if (connection === undefined || connection.state === 'loading') return 'loading';
  if (connection.state === 'live') return 'live';
  return connection.state === 'refused' ? 'not allowed' : `no answer, last heard ${ago(connection.alive, now)}`;
};

const Page = () => {
  const [client, setClient] = useState<Client | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const [report, setReport] = useState<PictureReport | undefined>(undefined);
  const [connection, setConnection] = useState<Connection | undefined>(undefined);
  const [changes, setChanges] = useState<readonly Change[]>([]);
  const [draft, setDraft] = useState('');
  const [theme, setTheme] = useState(themeNow());
  const [view, change] = useView();
  const now = useNow();
  const search = useRef<HTMLInputElement>(null);
  const alive = useRef(0);

  useEffect(() => {
    const worker = new Worker('/worker.js', { type: 'module' });
    openClient(worker, (fresh) => {
      if (fresh.tell === 'picture') setReport(fresh);
      else if (fresh.tell === 'edges') setReport((before) => before && withEdges(before, fresh));
      else {
        const { alive: at, state } = fresh;
        const last = state === 'live' ? at : alive.current;
        alive.current = last;
        setConnection({ ...fresh, alive: last });
      }
    }).then(setClient, (error: unknown) => setProblem(messageOf(error)));
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event
        .composedPath()
        .some(
          (each) =>
            each instanceof HTMLElement && (each.isContentEditable || /^(?:INPUT|SELECT|TEXTAREA)$/.test(each.tagName)),
        );
      if (event.key === '/' && !isTyping) {
        event.preventDefault();
        search.current?.focus();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      worker.terminate();
    };
  }, []);

  const observes = report?.meta.observes === true;
  const shown = useMemo(
    () => (report === undefined ? undefined : filterPicture(report.picture, view, observes)),
    [report, view, observes],
  );

  const turned = report === undefined ? undefined : movedEdge(report.picture.edges, view.selected);
  useEffect(() => {
    if (turned !== undefined) change({ selected: turned.id });
  }, [turned?.id]);

  if (problem !== '') {
    return (
      <main class="first">
        <h1>Portcullis</h1>
        <p role="alert">This page needs a fresh link: {problem}.</p>
        <p>Each link is good once. The terminal in which the command runs shows the next one.</p>
      </main>
    );
  }
  if (report === undefined || shown === undefined || client === undefined) {
    return (
      <main class="first" aria-busy="true">
        <h1>Portcullis</h1>
        <p role="status">Reading the cluster…</p>
      </main>
    );
  }
  const { meta, picture } = report;
  const isPlayground = meta.mode === 'playground';
  const node = picture.nodes.find(({ id }) => id === view.selected);
  const edge = picture.edges.find(({ id }) => id === view.selected) ?? turned;
  const isStale = connection !== undefined && connection.state !== 'live';
  return (
    <div class={`frame ${node !== undefined || edge !== undefined ? 'open' : ''} at-${view.view}`}>
      <header class="top">
        <h1>Portcullis</h1>
        <span class="title">
          {meta.mode}: <bdi>{meta.title}</bdi>
        </span>
        <span class={isStale ? 'state stale' : 'state'} role="status">
          <span aria-hidden="true">{isStale ? '▲' : '●'}</span> {stateText(connection, now)}
        </span>
        <nav aria-label="Views">
          {(Object.keys(VIEW_NAMES) as ViewName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-current={view.view === name ? 'page' : undefined}
              onClick={() => change({ view: name })}
            >
              {VIEW_NAMES[name]}
            </button>
          ))}
        </nav>
        <label class="search">
          <span class="hidden">Search</span>
          <input
            ref={search}
            type="search"
            placeholder="/ search: workload, label, ip, port"
            value={view.search}
            onInput={(event) => change({ search: event.currentTarget.value })}
          />
        </label>
        <button
          type="button"
          class="theme"
          onClick={() => {
            const next = theme === 'dark' ? 'light' : 'dark';
            chooseTheme(next);
            setTheme(next);
          }}
        >
          {theme === 'dark' ? 'Light' : 'Dark'}
        </button>
      </header>
      <Notices report={report} isStale={isStale} />
      <Side picture={picture} shown={shown} view={view} observes={observes} now={now} change={change} />
      {report.stories.length > 0 && <StoryPanel stories={report.stories} client={client} />}
      <main>
        {(view.view === 'map' || view.view === 'policies') && (
          <MapView
            shown={shown}
            changes={changes}
            selected={view.selected}
            onSelect={(id) => change({ selected: id, focus: 'all' })}
          />
        )}
        {view.view === 'policies' && (
          <PoliciesView
            client={client}
            version={report.version}
            isPlayground={isPlayground}
            draft={draft}
            onDraft={setDraft}
            onChanges={setChanges}
          />
        )}
        {view.view === 'matrix' && (
          <MatrixView
            picture={picture}
            difference={report.difference}
            against={meta.against ?? ''}
            namespaces={view.namespaces}
            search={view.search}
            onPair={(from, to) => change({ selected: edgeOfPair(picture.edges, from, to)?.id ?? from })}
          />
        )}
        {view.view === 'time' && (
          <TimeView
            picture={picture}
            events={report.events}
            view={view}
            observes={observes}
            now={now}
            change={change}
          />
        )}
      </main>
      {edge !== undefined && view.view !== 'policies' && (
        <EdgeDrawer
          edge={edge}
          client={client}
          isPlayground={isPlayground}
          version={report.version}
          now={now}
          onTryEdit={(yaml) => {
            setDraft(yaml);
            change({ view: 'policies' });
          }}
          onClose={() => change({ selected: '' })}
        />
      )}
      {node !== undefined && view.view !== 'policies' && (
        <NodeDrawer node={node} picture={picture} view={view} change={change} />
      )}
    </div>
  );
};

/** The edge between the same ends after its verdict turned: `refused|a|b|TCP|80` became `allowed|a|b|TCP|80`. */
const movedEdge = <Edge extends { readonly id: string }>(edges: readonly Edge[], id: string): Edge | undefined => {
  const ends = id.slice(id.indexOf('|'));
  if (!id.includes('|') || edges.some((edge) => edge.id === id)) return undefined;
  const [, from = '', to = ''] = id.split('|');
  return edges.find((edge) => edge.id.endsWith(ends)) ?? edges.find((edge) => edge.id.includes(`|${from}|${to}`));
};

const root = document.getElementById('page');
if (root !== null) {
  root.replaceChildren();
  render(<Page />, root);
}
