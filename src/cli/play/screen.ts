import { coloured, type Paint, plain } from './paint.ts';

/** Where people read. */
export interface Screen {
  readonly out: (text: string) => void;
  /** A terminal, where the picture may be drawn over; else a log, where lines stay. */
  readonly terminal: boolean;
  /** Columns, asked each time: terminals are resized. */
  readonly width: () => number;
  readonly paint: Paint;
}

/** In a log lines may be longer than on a terminal. */
const LOG_WIDTH = 120;

/** Standard output; colours only on a terminal and without NO_COLOR (https://no-color.org). */
export const standardScreen = (env: Readonly<Record<string, string | undefined>>): Screen => {
  const { stdout } = process;
  return {
    out: (text) => void stdout.write(text),
    terminal: stdout.isTTY,
    width: () => (stdout.isTTY ? stdout.columns : LOG_WIDTH),
    paint: stdout.isTTY && !env['NO_COLOR'] ? coloured : plain,
  };
};
