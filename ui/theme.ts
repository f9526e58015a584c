import { useEffect, useState } from 'preact/hooks';
import { COLOUR_NAMES, type Colours } from './map/scene.ts';

export type Theme = 'light' | 'dark';

const DARK = '(prefers-color-scheme: dark)';

export const themeNow = (): Theme => {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia(DARK).matches ? 'dark' : 'light';
};

const listeners = new Set<() => void>();
let known: { readonly number: number; readonly colours: Colours } | undefined;
let number = 0;

const changed = (): void => {
  number += 1;
  known = undefined;
  for (const listener of listeners) listener();
};

export const chooseTheme = (theme: Theme): void => {
  document.documentElement.dataset['theme'] = theme;
  changed();
};

/** Returns a number that grows with every change of the theme. */
export const useThemeNumber = (): number => {
  const [seen, setSeen] = useState(number);
  useEffect(() => {
    const listener = (): void => setSeen(number);
    const media = matchMedia(DARK);
    listeners.add(listener);
    media.addEventListener('change', changed);
    return () => {
      listeners.delete(listener);
      media.removeEventListener('change', changed);
    };
  }, []);
  return seen;
};

/** Returns the theme's colours for a canvas. */
export const readColours = (element: Element): Colours => {
  if (known?.number === number) return known.colours;
  const style = getComputedStyle(element);
  const colours = Object.fromEntries(
    COLOUR_NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as unknown as Colours;
  known = { number, colours };
  return colours;
};
