import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../../src/model/message-of.ts';
import type { SideExplanation } from '../../src/explain/explain-side.ts';
import type { Pair } from '../../src/explain/pairs.ts';
import type { MapEdge } from '../../src/page/edges.ts';
import type { EdgeAnswer, WrittenSuggestion } from '../../src/page/questions.ts';
import type { Client } from '../client.ts';
import { ago, plural } from '../words.ts';
import { CopyButton } from './copy-button.tsx';

interface EdgeDrawerProps {
  readonly edge: MapEdge;
  readonly client: Client;
  readonly isPlayground: boolean;
  /** Changes with every picture: what was explained may be out of date. */
  readonly version: number;
  readonly now: number;
  readonly onTryEdit: (yaml: string) => void;
  readonly onClose: () => void;
}

const STATE: Readonly<Record<SideExplanation['state'], string>> = {
  open: 'open: no policy isolates it',
  allowed: 'a rule allows it',
  denied: 'no rule allows it',
  closed: 'closed',
};

const Side = ({ side, title }: { readonly side: SideExplanation; readonly title: string }) => {
  const { nearest, state, policies, end } = side;
  const isDenied = state === 'denied' || state === 'closed';
  return (
    <section class={isDenied ? 'stop' : 'pass'}>
      <h3>
        <span class={`sign ${isDenied ? 'refused' : 'allowed'}`} aria-hidden="true">
          {isDenied ? '✕' : '✓'}
        </span>
        {title} <bdi>{end}</bdi>: {STATE[state]}
      </h3>
      {policies.length > 0 && (
        <p>
          Isolated by <bdi>{policies.map(({ policy }) => policy).join(', ')}</bdi>
        </p>
      )}
      {nearest !== undefined && (
        <div class="nearest">
          <p>
            Nearest rule: <code>{nearest.field}</code> of <bdi>{nearest.policy}</bdi> allows {nearest.allows}
          </p>
          <ul class="clauses">
            {nearest.fails.map(({ kind, wants, has }) => (
              <li key={`${kind} ${wants}`}>
                <span class="sign refused" aria-hidden="true">
                  ✕
                </span>
                <span>
                  <strong>{kind}</strong>: wants <code>{wants}</code>, but {has}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {policies.flatMap(({ rules, policy, allowsNothing }) => [
        ...(allowsNothing === undefined
          ? []
          : [
              <p key={policy}>
                <bdi>{policy}</bdi>: {allowsNothing}
              </p>,
            ]),
        ...rules
          .filter(({ matches }) => matches)
          .map((rule) => (
            <p key={rule.text}>
              <code>{rule.field}</code> of <bdi>{rule.policy}</bdi> allows {rule.allows}
            </p>
          )),
      ])}
    </section>
  );
};

/** Returns the side that refuses first, since it is what people look for. */
const inOrder = ({ egress, ingress }: EdgeAnswer['explanation']): readonly SideExplanation[] =>
  egress.state === 'denied' || ingress.state !== 'denied' ? [egress, ingress] : [ingress, egress];

const pairText = ({ from, to, protocol, port }: Pair): string =>
  `${from} → ${to} ${port === 'others' ? (protocol === 'other' ? 'other protocols' : `other ${protocol} ports`) : `${protocol} ${port}`}`;

const MOST_PAIRS = 6;

const Suggested = ({
  each: { suggestion, yaml },
  isFirst,
  isPlayground,
  onTryEdit,
  onApply,
}: {
  readonly each: WrittenSuggestion;
  readonly isFirst: boolean;
  readonly isPlayground: boolean;
  readonly onTryEdit: (yaml: string) => void;
  readonly onApply: (yaml: string) => void;
}) => {
  const { opens, closes, isolates, isCounted, changes } = suggestion;
  const isPolicy = changes.every(({ kind }) => kind !== 'label');
  return (
    <details open={isFirst} class="suggestion">
      <summary>
        {changes.map(({ text }) => text).join('; and ')}{' '}
        <span class="effect">
          opens {isCounted ? '' : 'at least '}
          {plural(opens.length, 'pair')}
          {closes.length > 0 && `, closes ${plural(closes.length, 'pair')}`}
          {isolates.length > 0 && `, isolates ${isolates.join(', ')}`}
        </span>
      </summary>
      <ul class="pairs">
        {opens.slice(0, MOST_PAIRS).map((pair) => (
          <li key={pairText(pair)}>
            <span class="sign opens" aria-hidden="true">
              +
            </span>{' '}
            {pairText(pair)}
          </li>
        ))}
        {opens.length > MOST_PAIRS && <li>and {opens.length - MOST_PAIRS} more</li>}
      </ul>
      <pre tabIndex={0} aria-label="YAML of the change">
        {yaml}
      </pre>
      <div class="buttons">
        <CopyButton text={yaml} what="YAML" />
        {isPolicy && (
          <button type="button" onClick={() => onTryEdit(yaml)}>
            See what it changes
          </button>
        )}
        {isPolicy && isPlayground && (
          <button type="button" class="main" onClick={() => onApply(yaml)}>
            Apply in the playground
          </button>
        )}
        {!isPlayground && <CopyButton text={`kubectl apply -f - <<'EOF'\n${yaml}\nEOF\n`} what="kubectl command" />}
      </div>
    </details>
  );
};

/** Why a connection is refused or allowed, and the smallest change that allows it. */
export const EdgeDrawer = ({ edge, client, isPlayground, version, now, onTryEdit, onClose }: EdgeDrawerProps) => {
  const [answer, setAnswer] = useState<EdgeAnswer | string | undefined>(undefined);
  const [told, setTold] = useState('');
  const { question } = edge;
  useEffect(() => setTold(''), [edge.from, edge.to]);
  useEffect(() => {
    let isCurrent = true;
    client.explain(question).then(
      (fresh) => isCurrent && setAnswer(fresh),
      (error: unknown) => isCurrent && setAnswer(messageOf(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [edge.id, version]);
  const act = (work: Promise<string>, before: string): void => {
    setTold(before);
    work.then(setTold, (error: unknown) => setTold(messageOf(error)));
  };
  const explanation = typeof answer === 'object' ? answer.explanation : undefined;
  const isDenied = explanation?.verdict === 'denied';
  return (
    <aside class="drawer" aria-label="Connection">
      <header>
        <h2>
          <bdi>{edge.from}</bdi> <span aria-label="to">→</span> <bdi>{edge.to}</bdi>
        </h2>
        <button type="button" class="close" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </header>
      {explanation !== undefined && (
        <p class={isDenied ? 'verdict refused' : 'verdict allowed'}>
          {isDenied ? (edge.state === 'refused' ? '✕ Refused' : '⊘ Would be refused') : '✓ Allowed'}:{' '}
          {question.protocol} {question.port}
          {edge.count > 0 && (
            <span class="dim">
              {' '}
              seen {plural(edge.count, 'time')}, last {ago(edge.last, now)}
            </span>
          )}
        </p>
      )}
      {typeof answer === 'string' && <p role="alert">This connection cannot be explained: {answer}</p>}
      {answer === undefined && <p class="dim">Working it out…</p>}
      {isPlayground && (
        <div class="buttons">
          <button type="button" onClick={() => act(client.attempt(question), 'curl …')}>
            Try it with curl
          </button>
        </div>
      )}
      {told !== '' && (
        <p class="terminal" role="status">
          {told}
        </p>
      )}
      {explanation !== undefined && typeof answer === 'object' && (
        <>
          {explanation.exemption !== undefined && <p>{explanation.exemption}</p>}
          {inOrder(explanation).map((side) => (
            <Side key={side.direction} side={side} title={side.direction === 'ingress' ? 'Ingress of' : 'Egress of'} />
          ))}
          {isDenied && <h3>Smallest change that allows it</h3>}
          {isDenied && answer.suggestions.length === 0 && (
            <p>No change of one rule, policy or label that was tried allows it.</p>
          )}
          {answer.suggestions.map((each, at) => (
            <Suggested
              key={each.yaml}
              each={each}
              isFirst={at === 0}
              isPlayground={isPlayground}
              onTryEdit={onTryEdit}
              onApply={(yaml) => act(client.apply(yaml), 'applying …')}
            />
          ))}
        </>
      )}
    </aside>
  );
};
