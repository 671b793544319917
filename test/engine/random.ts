/** Chance from a seed: the same seed makes the same case on every machine, now and in a year. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** sfc32 (public domain, C. Doty-Humphrey): passes PractRand, and is a few additions. */
  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    for (let i = 0; i < 12; i++) this.#next()
  }

  #next(): number {
    const mixed = (this.#a + this.#b + this.#counter) >>> 0
    this.#counter = (this.#counter + 1) >>> 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) >>> 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + mixed) >>> 0
    return mixed
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end)
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(share: number): boolean {
    return this.#next() / 2 ** 32 < share
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to choose from')
    return items[this.below(items.length)] as T // as: its index is below their number
  }

  /** Up to `most` of them, each at most once, in any order. */
  some<T>(items: readonly T[], least: number, most: number): T[] {
    const left = [...items]
    const wanted = Math.min(left.length, this.between(least, most))
    return Array.from({ length: wanted }, () => left.splice(this.below(left.length), 1)).flat()
  }

  list<T>(least: number, most: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.between(least, most) }, (_, i) => make(i))
  }

  /** Picks one of them, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let left = this.below(choices.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, choice] of choices) {
      if (left < weight) return choice
      left -= weight
    }
    throw new RangeError('nothing to choose from')
  }
}
