import type { EdgeQuestion } from '../src/page/edges.ts';
import type { EditAnswer, EdgeAnswer, ListedPolicy, Question, Report } from '../src/page/questions.ts';

/** The page's way to its worker and its server. The token is in this closure and in the worker, and nowhere else. */
export interface Client {
  explain(question: EdgeQuestion): Promise<EdgeAnswer>;
  policies(): Promise<readonly ListedPolicy[]>;
  edit(yaml: string): Promise<EditAnswer>;
  /** Applies policies in the playground. @throws Error with the server's message */
  apply(yaml: string): Promise<string>;
  /** Shows a step of a story in the playground, and tries its connections. @throws Error with the server's message */
  tell(story: number, step: number): Promise<string>;
  /** Tries a connection in the playground with a real client. @throws Error with the server's message */
  attempt(question: EdgeQuestion): Promise<string>;
}

type Asked = Extract<Report, { id: number }>;

const post = async (path: string, body: object, token?: string): Promise<Readonly<Record<string, string>>> => {
  const response = await fetch(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'Content-Type': 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
  });
  const answer = (await response.json()) as Readonly<Record<string, string>>;
  if (!response.ok) throw new Error(answer['message'] ?? `the server answered ${response.status}`);
  return answer;
};

/** Takes the code out of the address, so that no history and no copy of the address has it. */
const takeCode = (): string | undefined => {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', `${location.pathname}${location.search}`);
  return code;
};

/**
 * Opens the page's session.
 * @throws Error where the link has no code, or one that was used
 */
export const openClient = async (
  worker: Worker,
  onReport: (report: Exclude<Report, Asked>) => void,
): Promise<Client> => {
  const code = takeCode();
  if (code === undefined) throw new Error('the address has no code');
  const { token = '' } = await post('/api/session', { code });
  const waiting = new Map<number, (report: Asked) => void>();
  let next = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Report>) => {
    if (!('id' in data)) {
      onReport(data);
      return;
    }
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  });
  const send = (question: Question): void => worker.postMessage(question);
  const ask = <Answer>(question: (id: number) => Question): Promise<Answer> =>
    new Promise((resolve, reject) => {
      next += 1;
      waiting.set(next, ({ answer }) => {
        if (typeof answer === 'string') reject(new Error(answer));
        else resolve(answer as Answer);
      });
      send(question(next));
    });
  send({ ask: 'open', token });
  return {
    explain: (question) => ask((id) => ({ ask: 'explain', id, question })),
    policies: () => ask((id) => ({ ask: 'policies', id })),
    edit: (yaml) => ask((id) => ({ ask: 'edit', id, yaml })),
    apply: async (yaml) => (await post('/api/apply', { yaml }, token))['message'] ?? '',
    tell: async (story, step) => (await post('/api/story', { story, step }, token))['message'] ?? '',
    attempt: async (question) => (await post('/api/try', question, token))['message'] ?? '',
  };
};
