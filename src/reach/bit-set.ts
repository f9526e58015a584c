/** A set of small whole numbers: one bit each. */
export class BitSet {
  readonly size: number;
  readonly #words: Uint32Array;

  /** @param size one more than the largest number that it can hold */
  constructor(size: number, words = new Uint32Array((size + 31) >>> 5)) {
    this.size = size;
    this.#words = words;
  }

  static of(size: number, members: Iterable<number>): BitSet {
    const set = new BitSet(size);
    for (const member of members) set.add(member);
    return set;
  }

  static full(size: number): BitSet {
    const set = new BitSet(size);
    set.#words.fill(0xffff_ffff);
    const rest = size & 31;
    if (rest > 0) set.#words[set.#words.length - 1] = 2 ** rest - 1;
    return set;
  }

  add(member: number): void {
    const word = member >>> 5;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (member & 31));
  }

  has(member: number): boolean {
    return ((this.#words[member >>> 5] ?? 0) & (1 << (member & 31))) !== 0;
  }

  isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  and(other: BitSet): BitSet {
    return new BitSet(
      this.size,
      this.#words.map((word, at) => word & (other.#words[at] ?? 0)),
    );
  }

  /** Members that the other set has not. */
  without(other: BitSet): BitSet {
    return new BitSet(
      this.size,
      this.#words.map((word, at) => word & ~(other.#words[at] ?? 0)),
    );
  }

  /** Takes in all members of the other set. */
  addAll(other: BitSet): void {
    for (let at = 0; at < this.#words.length; at += 1) {
      this.#words[at] = (this.#words[at] ?? 0) | (other.#words[at] ?? 0);
    }
  }

  /** Calls back with each member, in order. */
  forEach(visit: (member: number) => void): void {
    for (let at = 0; at < this.#words.length; at += 1) {
      let word = this.#words[at] ?? 0;
      while (word !== 0) {
        const bit = 31 - Math.clz32(word & -word);
        visit(at * 32 + bit);
        word &= word - 1;
      }
    }
  }
}
