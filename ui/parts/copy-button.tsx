import { useState } from 'preact/hooks';

/** Copies a text, and says whether that worked. */
export const CopyButton = ({ text, what }: { readonly text: string; readonly what: string }) => {
  const [told, setTold] = useState('');
  return (
    <button
      type="button"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setTold('Copied'),
          () => setTold('The browser does not let the page copy: select the text'),
        );
      }}
    >
      <span role="status">{told === '' ? `Copy ${what}` : told}</span>
    </button>
  );
};
