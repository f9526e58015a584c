/** Passes on what is told; what is told before anybody listens, once somebody does. */
export interface Relay<T> {
  tell(news: T): void;
  /** To be called once. */
  listen(listener: (news: T) => void): void;
}

export const createRelay = <T>(): Relay<T> => {
  const early: T[] = [];
  let hear = (news: T): void => void early.push(news);
  return {
    tell(news) {
      hear(news);
    },
    listen(listener) {
      hear = listener;
      for (const news of early.splice(0)) listener(news);
    },
  };
};
