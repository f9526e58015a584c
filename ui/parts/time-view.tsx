import type { EventFact } from '../../src/page/entries.ts';
import type { Picture } from '../../src/page/picture.ts';
import { countsOver } from '../../src/page/what-if.ts';
import type { ViewState } from '../../src/page/view-state.ts';
import { ago } from '../words.ts';

interface TimeProps {
  readonly picture: Picture;
  readonly events: readonly EventFact[];
  readonly view: ViewState;
  readonly observes: boolean;
  readonly now: number;
  readonly change: (change: Partial<ViewState>) => void;
}

const DAY_MS = 86_400_000;
const PARTS = 48;
const MOST_EVENTS = 200;

const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB');

/** Refusals and changes of policies on one axis, the newest below; a moment shows the map as of then. */
export const TimeView = ({ picture, events, view, observes, now, change }: TimeProps) => {
  const times = [...events.map(({ at }) => at), ...picture.edges.flatMap(({ last }) => (last > 0 ? [last] : []))];
  const start = Math.max(now - DAY_MS, Math.min(now - 60_000, ...times.filter((at) => at > now - DAY_MS)));
  const refused = picture.edges
    .filter(({ state }) => state === 'refused')
    .map(({ last, count }) => ({ last, count, verdict: 'refused' as const }));
  const counts = countsOver(refused, start, now, PARTS);
  const most = Math.max(1, ...counts);
  const share = (at: number): number => ((at - start) / Math.max(1, now - start)) * 1000;
  const shown = events.toReversed().slice(0, MOST_EVENTS);
  return (
    <section class="timeline" aria-label="Time line">
      <svg
        viewBox="0 0 1000 120"
        role="img"
        aria-label={`Refused connections and changes of policies since ${clock(start)}`}
        preserveAspectRatio="none"
      >
        {counts.map((count, at) => (
          <rect
            key={at}
            class="bar"
            x={(at * 1000) / PARTS + 1}
            width={1000 / PARTS - 2}
            y={100 - (count / most) * 90}
            height={(count / most) * 90}
          />
        ))}
        <line class="axis" x1="0" x2="1000" y1="100" y2="100" />
        {events
          .filter(({ what, at }) => what === 'policy' && at >= start)
          .map(({ number, at }) => (
            <path key={number} class="mark" d={`M${share(at)} 100 l-6 12 h12 z`} />
          ))}
      </svg>
      <p class="scale">
        <span>{clock(start)}</span>
        <span>▮ refused connections, ▲ changes of policies</span>
        <span>now</span>
      </p>
      {view.at > 0 && (
        <p class="banner" role="status">
          The map shows connections as of {clock(view.at)}.{' '}
          <button type="button" onClick={() => change({ at: 0 })}>
            Show now
          </button>
        </p>
      )}
      {!observes && (
        <p class="dim">A folder of manifests has no connections to observe: only changes of the files are listed.</p>
      )}
      {shown.length === 0 && <p class="dim">Nothing has changed since the page was opened.</p>}
      <ol class="list">
        {shown.map((event) => (
          <li key={event.number}>
            <button type="button" class="row" onClick={() => change({ at: event.at, view: observes ? 'map' : 'time' })}>
              <span class={`sign ${event.what}`} aria-hidden="true">
                {event.what === 'refused' ? '✕' : event.what === 'policy' ? '▲' : '→'}
              </span>
              <span class="ends">{event.text}</span>
              <span class="ports">
                {clock(event.at)}, {ago(event.at, now)}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
};
