/** Valid JSON that no API server sends. All of the answer is ignored. */
export class NonsenseError extends Error {
  constructor(path: string, what: string) {
    super(`${path}: ${what}`);
    this.name = 'NonsenseError';
  }
}
