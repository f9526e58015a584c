import { useState } from 'preact/hooks';
import { messageOf } from '../../src/model/message-of.ts';
import type { StoryFact, StoryResult } from '../../src/page/entries.ts';
import type { Client } from '../client.ts';

interface StoryPanelProps {
  readonly stories: readonly StoryFact[];
  readonly client: Client;
}

const SIGNS: Readonly<Record<StoryResult['verdict'], string>> = { allowed: '→', refused: '✕', failed: '!' };

const Results = ({ results }: { readonly results: readonly StoryResult[] }) => (
  <ul class="results">
    {results.map(({ from, attempt, ending, verdict, isAsTold }) => (
      <li key={`${from} ${attempt}`}>
        <span class={`sign ${verdict}`} aria-hidden="true">
          {SIGNS[verdict]}
        </span>{' '}
        <code>
          <bdi>{from}</bdi> $ <bdi>{attempt}</bdi>
        </code>{' '}
        {ending}, {isAsTold ? 'as told' : <strong>not as told</strong>}
      </li>
    ))}
  </ul>
);

/** The stories of a playground: each step changes the policies for real, and tries connections with real clients. */
export const StoryPanel = ({ stories, client }: StoryPanelProps) => {
  const [turning, setTurning] = useState(false);
  const [trouble, setTrouble] = useState('');
  const shown = stories.find(({ isShown }) => isShown) ?? stories[0];
  if (shown === undefined) return null;
  const at = shown.at ?? -1;
  const step = shown.steps[at];
  const next = stories[shown.number + 1];
  const isLast = at === shown.steps.length - 1;
  const turn = (story: number, to: number): void => {
    setTurning(true);
    setTrouble('');
    client
      .tell(story, to)
      .catch((error: unknown) => setTrouble(messageOf(error)))
      .finally(() => setTurning(false));
  };
  return (
    <section class="story" aria-label="Story">
      <div class="buttons">
        <label>
          <span class="hidden">Story</span>
          <select
            value={String(shown.number)}
            disabled={turning}
            onChange={(event) => turn(Number(event.currentTarget.value), -1)}
          >
            {stories.map(({ number, title }) => (
              <option key={number} value={String(number)}>
                {number + 1}. {title}
              </option>
            ))}
          </select>
        </label>
        <button type="button" disabled={turning || at < 0} onClick={() => turn(shown.number, at - 1)}>
          Back
        </button>
        {isLast && next !== undefined ? (
          <button type="button" class="main" disabled={turning} onClick={() => turn(next.number, -1)}>
            Next story
          </button>
        ) : (
          <button type="button" class="main" disabled={turning || isLast} onClick={() => turn(shown.number, at + 1)}>
            {at < 0 ? 'Begin' : 'Next step'}
          </button>
        )}
        <span class="dim" role="status">
          {turning ? 'Changing policies and trying connections…' : `Step ${at + 1} of ${shown.steps.length}`}
        </span>
      </div>
      <p>{step === undefined ? shown.intro : step.say}</p>
      {step?.commands.map((command) => (
        <p key={command}>
          <code>$ {command}</code>
        </p>
      ))}
      <Results results={shown.results} />
      {trouble !== '' && <p role="alert">{trouble}</p>}
    </section>
  );
};
