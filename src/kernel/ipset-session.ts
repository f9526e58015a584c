import type { Companion, StartCompanion } from './companion.ts';

/**
 * One ipset that stays (`ipset -`, ipset(8)) and is asked again and again for the headers of all sets: a fifth of what
 * starting one each time costs. It stays with that one question, since it keeps the options of one command for the next.
 */
export interface IpsetSession {
  /** What `ipset list -terse` prints. @throws Error where it does not answer; the next question starts a new one */
  headers(): Promise<string>;
  stop(): void;
}

/** What it answers last, since `version` is asked after the headers. */
const ANSWERED = /ipset> ipset v[^\n]*, protocol version: \d+\n$/;
const ANSWERED_LENGTH = 100;
const PROMPT = 'ipset> ';

export const createIpsetSession = (start: StartCompanion, timeoutMs = 5_000): IpsetSession => {
  let companion: Companion | undefined;
  let answer: string[] = [];
  let told: (() => void) | undefined;

  const open = (): Companion => {
    const opened = start('ipset', ['-'], (text) => {
      answer.push(text);
      told?.();
    });
    void opened.ended.then(() => {
      if (companion === opened) companion = undefined;
      told?.();
    });
    return opened;
  };

  const close = (): void => {
    companion?.stop();
    companion = undefined;
  };

  /** Settles when the answer is complete, the program has ended, or the time is over. */
  const settled = (asked: Companion): Promise<boolean> =>
    new Promise((resolve) => {
      const impatience = setTimeout(resolve, timeoutMs, false);
      told = () => {
        const complete = ANSWERED.test(answer.slice(-2).join('').slice(-ANSWERED_LENGTH));
        if (!complete && companion === asked) return;
        clearTimeout(impatience);
        resolve(complete);
      };
    });

  return {
    async headers() {
      answer = [];
      const asked = (companion ??= open());
      const complete = settled(asked);
      asked.write('list -terse\nversion\n');
      const answered = await complete;
      told = undefined;
      const text = answer.join('');
      answer = [];
      if (!answered) {
        close();
        throw new Error('ipset does not answer');
      }
      return text.replaceAll(PROMPT, '').replace(/ipset v[^\n]*\n$/, '');
    },
    stop: close,
  };
};
