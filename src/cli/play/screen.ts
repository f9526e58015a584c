import { coloured, type Paint, plain } from './paint.ts';

/** The output that people read. */
export interface Screen {
  readonly out: (text: string) => void;
  /** Whether it is a terminal, where the picture is redrawn; else a log, where lines stay. */
  readonly terminal: boolean;
  /** Returns the columns. Called each time, since terminals are resized. */
  readonly width: () => number;
  /** Returns the rows. Called each time. */
  readonly height: () => number;
  readonly paint: Paint;
}

/** Lines of a log may be longer than a terminal's. */
const LOG_WIDTH = 120;

/** Rows of a terminal that does not tell its size. */
const USUAL_HEIGHT = 24;

/** Standard output; colours only on a terminal and without NO_COLOR (https://no-color.org). */
export const standardScreen = (env: Readonly<Record<string, string | undefined>>): Screen => {
  const { stdout } = process;
  return {
    out: (text) => void stdout.write(text),
    terminal: stdout.isTTY,
    width: () => (stdout.isTTY ? stdout.columns : LOG_WIDTH),
    height: () => (stdout.isTTY && stdout.rows > 0 ? stdout.rows : USUAL_HEIGHT),
    paint: stdout.isTTY && !env['NO_COLOR'] ? coloured : plain,
  };
};
