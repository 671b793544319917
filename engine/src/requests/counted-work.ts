import { ARGUMENT_LIMITS } from './argument.ts'
import { type ArgumentMisfit, refuse } from './refusal.ts'

/** Names of letters, digits and ordinary signs only: for them, lower case is the whole fold. */
export const PLAIN = /^[\x20-\x7e]*$/

/** Names of a call that are compared with declared ones: how many, and their characters beyond ASCII, of which each may cost a microsecond. */
export const MAX_COMPARED = { names: 10_000, characters: 10_000 } as const

/** Work that one call may still cost. */
class CountedWork {
  #names: number = MAX_COMPARED.names
  #characters: number = MAX_COMPARED.characters
  #values: number = ARGUMENT_LIMITS.values

  /** Counts a value. Answers whether there are too many. */
  countValue(): boolean {
    return --this.#values < 0
  }

  /** Counts a name. Answers what there is too much of. */
  countName(name: string): keyof typeof MAX_COMPARED | undefined {
    if (--this.#names < 0) return 'names'
    if (!PLAIN.test(name)) this.#characters -= name.length
    return this.#characters < 0 ? 'characters' : undefined
  }
}

let ofCall: CountedWork | undefined

/** Types one call, all in one turn: its names and its values are counted together. */
export function countingTogether<T>(type: () => T): T {
  const before = ofCall
  ofCall = new CountedWork()
  try {
    return type()
  } finally {
    ofCall = before
  }
}

/** Counts a value that is typed. Refuses the one that is too many for its call. */
export function countValue(at: string): ArgumentMisfit | undefined {
  return ofCall?.countValue()
    ? refuse('too_long', at, `is one value too many: a call has ${ARGUMENT_LIMITS.values} at most`)
    : undefined
}

/** Counts the names of one object that are compared with declared ones. Refuses the one that is too many for its call. */
export function nameCounter(at: string): (name: string) => ArgumentMisfit | undefined {
  const work = ofCall ?? new CountedWork()
  return (name) => {
    const exhausted = work.countName(name)
    return exhausted && refuse('too_long', at, TOO_MANY[exhausted])
  }
}

const TOO_MANY = {
  names: `has more members that the API does not describe than ${MAX_COMPARED.names}`,
  characters: `has longer names beyond ASCII than ${MAX_COMPARED.characters} characters together`,
} as const
