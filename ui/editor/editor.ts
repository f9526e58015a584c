import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { EditRemark } from '../../src/page/questions.ts';
import { completePolicy } from './complete-policy.ts';

/** A text editor for policies. */
export interface Editor {
  setText(text: string): void;
  /** Underlines what the checks found, with their repairs. */
  setRemarks(remarks: readonly EditRemark[]): void;
  destroy(): void;
}

const SEVERITY = { error: 'error', warning: 'warning', note: 'info' } as const;

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '14px', color: 'var(--text)', backgroundColor: 'var(--island)' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace' },
  '.cm-gutters': { backgroundColor: 'var(--island)', color: 'var(--dim)', border: 'none' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-tooltip': { backgroundColor: 'var(--ground)', color: 'var(--text)', border: '1px solid var(--line)' },
});

/** The colours of the theme, which have contrast enough in dark and light. */
const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--allowed)' },
  { tag: tags.comment, color: 'var(--dim)', fontStyle: 'italic' },
  { tag: [tags.string, tags.content, tags.attributeValue], color: 'var(--text)' },
  { tag: [tags.number, tags.bool], color: 'var(--opens)' },
]);

/**
 * Creates the editor in a shadow tree: there its styles are style sheets made by script, which need no permission of the page's
 * content security policy.
 */
export const createEditor = (host: HTMLElement, text: string, onText: (text: string) => void): Editor => {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  let isSetting = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        // Tab stays with the page, so that the keyboard can leave the editor.
        keymap.of([...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        yaml(),
        syntaxHighlighting(highlight),
        autocompletion({ override: [completePolicy] }),
        lintGutter(),
        theme,
        EditorView.contentAttributes.of({ 'aria-label': 'YAML of the policy', tabindex: '0' }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged && !isSetting) onText(state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(fresh) {
      const old = view.state.doc.toString();
      if (old === fresh) return;
      isSetting = true;
      view.dispatch({ changes: { from: 0, to: old.length, insert: fresh } });
      isSetting = false;
    },
    setRemarks(remarks) {
      const { length } = view.state.doc;
      const diagnostics = remarks.map(({ severity, message, suggestion, from, to, repaired }) => ({
        from: Math.min(from, length),
        to: Math.min(Math.max(from, to), length),
        severity: SEVERITY[severity],
        message: `${message}: ${suggestion}`,
        ...(repaired === undefined ? {} : { actions: [{ name: 'Repair', apply: () => onText(repaired) }] }),
      }));
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    destroy: () => view.destroy(),
  };
};
