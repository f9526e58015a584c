import { emitKeypressEvents } from 'node:readline';
import type { Key } from './view.ts';

/** A terminal window that is drawn over and over. */
export interface Terminal {
  /** Shows lines from the top of the window; what was there before goes. */
  show(lines: readonly string[]): void;
  /** Gives the terminal back as it was. A second call does nothing. */
  close(): void;
}

export interface TerminalListeners {
  readonly onKey: (key: Key) => void;
  readonly onResize: () => void;
}

// ECMA-48 and xterm's control sequences.
const OTHER_SCREEN = '\u001B[?1049h\u001B[?25l';
const OWN_SCREEN = '\u001B[?25h\u001B[?1049l';
const TO_THE_TOP = '\u001B[H';
const CLEAR_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/** Takes over the process's terminal: an own screen, keys one by one. Closes itself when the process exits. */
export const openTerminal = ({ onKey, onResize }: TerminalListeners): Terminal => {
  const { stdin, stdout } = process;
  const heard = (_: string | undefined, key: Key): void => onKey(key);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    stdout.off('resize', onResize);
    process.off('exit', close);
    if (stdin.isTTY) {
      stdin.off('keypress', heard);
      stdin.setRawMode(false);
      stdin.pause();
    }
    stdout.write(OWN_SCREEN);
  };
  stdout.write(OTHER_SCREEN);
  stdout.on('resize', onResize);
  process.on('exit', close);
  if (stdin.isTTY) {
    emitKeypressEvents(stdin);
    stdin.setRawMode(true);
    stdin.on('keypress', heard);
    stdin.resume();
  }
  return {
    show(lines) {
      // Drawn over line by line, since clearing first would flicker.
      stdout.write(`${TO_THE_TOP}${lines.map((line) => `${line}${CLEAR_LINE_END}`).join('\r\n')}${CLEAR_BELOW}`);
    },
    close,
  };
};
