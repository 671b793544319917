import { readBooks } from './books.ts'

/** The decisions that answers named: each call has one of its own, and the books have it as answered. */
export class DecisionSet {
  readonly #seen = new Set<string>()

  get count(): number {
    return this.#seen.size
  }

  /** Throws where a call has no decision, or one that another had. */
  add(decision: string | undefined): void {
    if (decision === undefined || this.#seen.has(decision))
      throw new Error('a call without a decision of its own')
    this.#seen.add(decision)
  }

  /** Throws where the books of this data directory count otherwise. */
  mustBeBooked(data: string): void {
    const answered = readBooks(data).decisions.get('answered') ?? 0
    if (answered !== this.count)
      throw new Error(`${this.count} calls were answered and ${answered} recorded so`)
  }
}
