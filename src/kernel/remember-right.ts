/** Remembers a text that was found right, so that the same text need not be read again. */
export interface RememberedText {
  /** @param judge reads the text; asked where it is another one than was right last */
  isRight(text: string, judge: () => boolean): boolean;
  /** Another text is right from now on. */
  forget(): void;
}

export const rememberRight = (): RememberedText => {
  let right: string | undefined;
  return {
    isRight(text, judge) {
      if (text === right) return true;
      const isRight = judge();
      right = isRight ? text : undefined;
      return isRight;
    },
    forget() {
      right = undefined;
    },
  };
};
