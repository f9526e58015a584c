/** A connection to the inspector of a process that was started with `--inspect`. The process runs no code for it. */
export interface Inspector {
  /** Calls a method of the Chrome DevTools Protocol. @throws Error with the answer if the inspector refuses it */
  call(method: string, params?: object): Promise<unknown>;
  close(): void;
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Target {
  readonly webSocketDebuggerUrl: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/**
 * Connects to the inspector at an address.
 * @param address host and port, as in `--inspect`
 * @throws if nothing listens there
 */
export const connectInspector = async (address: string): Promise<Inspector> => {
  const [target] = (await (await fetch(`http://${address}/json/list`)).json()) as readonly Target[];
  if (target === undefined) throw new Error(`${address}: the inspector lists no target`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  const failAll = (): void => {
    for (const { reject } of waiting.values()) reject(new Error(`${address}: the inspector closed the connection`));
    waiting.clear();
  };
  socket.addEventListener('close', failAll);
  socket.addEventListener('message', ({ data }) => {
    const { id = 0, result, error } = JSON.parse(String(data)) as Answer;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`${address}: the inspector takes no connection`)));
  });
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        calls += 1;
        waiting.set(calls, { resolve, reject });
        socket.send(JSON.stringify({ id: calls, method, params }));
      }),
    close() {
      socket.close();
    },
  };
};
