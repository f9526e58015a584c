/** Two evaluations differ; the message names the packet and each result. */
export class Disagreement extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Disagreement';
  }
}
