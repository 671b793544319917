/** Reads under way, by key: all who ask for the same while it is read get what that one read finds, or its error. */
export class SharedReads<Value> {
  readonly #reads = new Map<string, Promise<Value>>()

  /** Joins the read of this key that is under way, or begins one. */
  share(key: string, read: () => Promise<Value>): Promise<Value> {
    const underWay = this.#reads.get(key)
    if (underWay) return underWay
    const begun = read().finally(() => this.#reads.delete(key))
    this.#reads.set(key, begun)
    return begun
  }
}
