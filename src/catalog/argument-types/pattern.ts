/**
 * Patterns come with documents and run on what agents send, in an engine that backtracks. Only those whose worst case is
 * provably cheap are used; the others are left to the API, and the import says so.
 */

/** Steps of the matcher in the worst case, about 50 ms. */
const MAX_STEPS = 2e7

/**
 * Tells whether `pattern` compiles (`u` flag) and cannot take long on texts of at most `longest`
 * characters. Conservative: no look-around, no back-references, no repetition of anything that can
 * itself match in several ways.
 */
export function isCheapPattern(pattern: string, longest: number): boolean {
  try {
    new RegExp(pattern, 'u')
  } catch {
    return false
  }
  const cost = new Estimate(pattern, longest).whole()
  return cost !== undefined && cost <= MAX_STEPS
}

interface Cost {
  /** Upper bound of the ways in which this part can match. */
  ways: number
  /** True when it can match in one way only, so that repeating it cannot explode. */
  rigid: boolean
}

/** Multiplies the ways of all parts: an upper bound of the paths that backtracking can take. */
class Estimate {
  readonly #source: string
  readonly #longest: number
  #at = 0

  constructor(source: string, longest: number) {
    this.#source = source
    this.#longest = longest
  }

  whole(): number | undefined {
    const anchored = this.#source.startsWith('^') && !this.#source.includes('|')
    const cost = this.#alternatives()
    if (cost === undefined || this.#at < this.#source.length) return undefined
    return cost.ways * (anchored ? 1 : this.#longest)
  }

  #alternatives(): Cost | undefined {
    let ways = 0
    let branches = 0
    let rigid = true
    do {
      const branch = this.#sequence()
      if (branch === undefined) return undefined
      ways += branch.ways
      branches++
      rigid &&= branch.rigid
    } while (this.#take('|'))
    return { ways, rigid: rigid && branches === 1 }
  }

  #sequence(): Cost | undefined {
    let ways = 1
    let rigid = true
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      const part = this.#quantified()
      if (part === undefined) return undefined
      ways *= part.ways
      rigid &&= part.rigid
    }
    return { ways, rigid }
  }

  #quantified(): Cost | undefined {
    const atom = this.#atom()
    const quantifier = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(
      this.#source.slice(this.#at, this.#at + 24),
    )
    if (atom === undefined || quantifier === null) return atom
    this.#at += quantifier[0].length
    const [low, high] = this.#range(quantifier)
    if (high <= 1) return { ways: atom.ways + 1 - low, rigid: atom.rigid && low === high }
    if (!atom.rigid) return undefined
    return { ways: high - low + 1, rigid: low === high }
  }

  #range(quantifier: RegExpExecArray): [number, number] {
    const symbol = quantifier[0][0]
    if (symbol === '?') return [0, 1]
    if (symbol === '*' || symbol === '+') return [symbol === '*' ? 0 : 1, this.#longest]
    const low = Number(quantifier[1])
    const high = quantifier[2] === undefined ? low : Number(quantifier[3] || this.#longest)
    return [low, Math.max(low, Math.min(high, this.#longest))]
  }

  #atom(): Cost | undefined {
    const character = this.#source[this.#at++]
    if (character === '(') return this.#group()
    if (character === '[') return this.#characterClass()
    if (character === '\\') return this.#escape()
    return { ways: 1, rigid: true }
  }

  #group(): Cost | undefined {
    if (this.#source[this.#at] === '?') {
      const head = /^\?(?::|<[A-Za-z_]\w*>)/.exec(this.#source.slice(this.#at, this.#at + 64))
      if (head === null) return undefined
      this.#at += head[0].length
    }
    const inside = this.#alternatives()
    return this.#take(')') ? inside : undefined
  }

  #characterClass(): Cost | undefined {
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at++]
      if (character === '\\') this.#at++
      if (character === ']') return { ways: 1, rigid: true }
    }
    return undefined
  }

  #escape(): Cost | undefined {
    const rest = this.#source.slice(this.#at, this.#at + 16)
    if (/^(?:[1-9]|k)/.test(rest)) return undefined
    const braces = /^(?:[pP]|u)\{[^}]*\}/.exec(this.#source.slice(this.#at, this.#at + 64))
    this.#at += braces ? braces[0].length : 1
    return { ways: 1, rigid: true }
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false
    this.#at++
    return true
  }
}
