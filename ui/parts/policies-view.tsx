import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../../src/model/message-of.ts';
import type { EditAnswer, ListedPolicy } from '../../src/page/questions.ts';
import type { Client } from '../client.ts';
import type { Editor } from '../editor/editor.ts';
import type { Change } from '../map/scene.ts';
import { plural } from '../words.ts';
import { CopyButton } from './copy-button.tsx';

interface PoliciesProps {
  readonly client: Client;
  readonly version: number;
  readonly isPlayground: boolean;
  /** The text to begin with; '' for a choice from the list. */
  readonly draft: string;
  readonly onDraft: (yaml: string) => void;
  readonly onChanges: (changes: readonly Change[]) => void;
}

const NEW_POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: new-policy
  namespace: default
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: []
`;

const CHECK_MS = 250;
const MOST = 40;

const changesOf = (answer: EditAnswer | undefined): readonly Change[] =>
  (answer?.effect?.pairs ?? []).map(({ from, to, opens }) => ({ from, to, kind: opens === '' ? 'closes' : 'opens' }));

/** The policies, an editor with checks, and what an edit would open and close before anything is applied. */
export const PoliciesView = ({ client, version, isPlayground, draft, onDraft, onChanges }: PoliciesProps) => {
  const [policies, setPolicies] = useState<readonly ListedPolicy[]>([]);
  const [answer, setAnswer] = useState<EditAnswer | undefined>(undefined);
  const [told, setTold] = useState('');
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);

  useEffect(() => {
    void client.policies().then(setPolicies, (error: unknown) => setTold(String(error)));
  }, [version]);
  useEffect(() => {
    let isGone = false;
    void import('../editor/editor.ts').then(({ createEditor }) => {
      if (isGone || host.current === null) return;
      editor.current = createEditor(host.current, draft, onDraft);
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = undefined;
      onChanges([]);
    };
  }, []);
  useEffect(() => {
    editor.current?.setText(draft);
    if (draft.trim() === '') {
      setAnswer(undefined);
      onChanges([]);
      return undefined;
    }
    const timer = setTimeout(() => {
      client.edit(draft).then(
        (fresh) => {
          setAnswer(fresh);
          onChanges(changesOf(fresh));
          editor.current?.setRemarks(fresh.remarks);
        },
        (error: unknown) => setTold(String(error)),
      );
    }, CHECK_MS);
    return () => clearTimeout(timer);
  }, [draft, version]);

  const remarks = answer?.remarks ?? [];
  const pairs = answer?.effect?.pairs ?? [];
  const opens = pairs.filter(({ opens: ports }) => ports !== '');
  const closes = pairs.filter(({ closes: ports }) => ports !== '');
  const cut = answer?.effect?.cut ?? [];
  /** What the list shows: the policy that the editor has as it is. */
  const shown = draft === NEW_POLICY ? '+' : (policies.find(({ yaml }) => yaml === draft)?.key ?? '');
  return (
    <section class="policies" aria-label="Policies">
      <div class="choose">
        <label>
          Policy{' '}
          <select
            value={shown}
            onChange={(event) => {
              const { value } = event.currentTarget;
              onDraft(value === '+' ? NEW_POLICY : (policies.find(({ key }) => key === value)?.yaml ?? ''));
              setTold('');
            }}
          >
            <option value="">{draft === '' ? `choose one of ${policies.length}…` : 'with your changes'}</option>
            <option value="+">a new policy</option>
            {policies.map(({ key }) => (
              <option key={key} value={key}>
                {key}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="editor" ref={host} />
      <div class="buttons">
        <CopyButton text={draft} what="YAML" />
        {isPlayground ? (
          <button
            type="button"
            class="main"
            disabled={draft.trim() === '' || remarks.some(({ severity }) => severity === 'error')}
            onClick={() => {
              setTold('applying …');
              client.apply(draft).then(setTold, (error: unknown) => setTold(messageOf(error)));
            }}
          >
            Apply in the playground
          </button>
        ) : (
          <CopyButton text={`kubectl apply -f - <<'EOF'\n${draft}\nEOF\n`} what="kubectl command" />
        )}
      </div>
      {told !== '' && (
        <p class="terminal" role="status">
          {told}
        </p>
      )}
      {remarks.length > 0 && (
        <ul class="remarks" aria-label="Checks">
          {remarks.slice(0, MOST).map((remark) => (
            <li key={`${remark.code} ${remark.field} ${remark.from}`} class={remark.severity}>
              <strong>{remark.severity}</strong> <code>{remark.field}</code> {remark.message}
              <span class="dim"> {remark.suggestion}</span>
              {remark.repaired !== undefined && (
                <button type="button" onClick={() => onDraft(remark.repaired ?? draft)}>
                  Repair
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {answer?.effect !== undefined && (
        <div class="effects" aria-live="polite">
          <h3>
            Before you apply it: opens {plural(opens.length, 'pair')}, closes {plural(closes.length, 'pair')}
          </h3>
          {cut.length > 0 && (
            <>
              <h4>Cuts connections that were seen</h4>
              <ul class="pairs">
                {cut.slice(0, MOST).map(({ from, to, ports, count }) => (
                  <li key={`${from} ${to} ${ports}`}>
                    <span class="sign refused" aria-hidden="true">
                      ✕
                    </span>{' '}
                    <bdi>{from}</bdi> → <bdi>{to}</bdi> {ports}, seen {plural(count, 'time')}
                  </li>
                ))}
              </ul>
            </>
          )}
          <ul class="pairs">
            {opens.slice(0, MOST).map(({ from, to, opens: ports }) => (
              <li key={`+ ${from} ${to}`}>
                <span class="sign opens" aria-hidden="true">
                  +
                </span>{' '}
                <bdi>{from}</bdi> → <bdi>{to}</bdi> {ports}
              </li>
            ))}
            {closes.slice(0, MOST).map(({ from, to, closes: ports }) => (
              <li key={`- ${from} ${to}`}>
                <span class="sign closes" aria-hidden="true">
                  −
                </span>{' '}
                <bdi>{from}</bdi> → <bdi>{to}</bdi> {ports}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
};
