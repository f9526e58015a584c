/** An answer of the right form (JSON) that no API server gives. Nothing of it is believed. */
export class NonsenseError extends Error {
  constructor(path: string, what: string) {
    super(`${path}: ${what}`);
    this.name = 'NonsenseError';
  }
}
