/** Passes on messages; those that come before there is a listener are passed on once there is one. */
export interface Relay<T> {
  tell(news: T): void;
  /** Sets the listener. Called once. */
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
