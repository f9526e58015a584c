/** Two readings differ; the message names the packet and what each says of it. */
export class Disagreement extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Disagreement';
  }
}
