/** Two engines, one question. */
import type * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Question } from './cases.ts'
import { Compiled } from './compiled.ts'
import { type Answer, Oracle } from './oracle.ts'
import type { PolicySet } from './policies.ts'

/** Answer of an engine, or the reason why there was none. */
type Told = Answer | { readonly refused: string }

export interface Disagreement {
  readonly question: Question
  readonly official: Told
  readonly ours: Told
}

/** Pair of both engines with the same policies. */
export class Pair {
  readonly #oracle: (question: Question) => Told
  readonly #compiled: (question: Question) => Told

  /** `text`: the same policies for the official engine, where it is to read them itself. */
  constructor(set: PolicySet, text?: cedar.PolicySet) {
    this.#oracle = asking(() => new Oracle(text ?? set))
    this.#compiled = asking(() => new Compiled(set))
  }

  /** `undefined` where they agree. */
  compare(question: Question): Disagreement | undefined {
    const official = this.#oracle(question)
    const ours = this.#compiled(question)
    return agree(official, ours) ? undefined : { question, official, ours }
  }

  official(question: Question): Told {
    return this.#oracle(question)
  }
}

function asking(make: () => Oracle | Compiled): (question: Question) => Told {
  let engine: Oracle | Compiled
  try {
    engine = make()
  } catch (error) {
    const refused = `the set: ${wordsOf(error)}`
    return () => ({ refused })
  }
  return (question) => {
    try {
      return engine.ask(question)
    } catch (error) {
      return { refused: `the request: ${wordsOf(error)}` }
    }
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Compares two answers: both refuse, for whatever reason, or both say the same. */
export function agree(a: Told, b: Told): boolean {
  if ('refused' in a || 'refused' in b) return 'refused' in a && 'refused' in b
  return (
    a.permitted === b.permitted && alike(a.determining, b.determining) && alike(a.errors, b.errors)
  )
}

function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name))
}

/** Describes an answer in words, for whoever reads a failing test. */
export function told(answer: Told): string {
  if ('refused' in answer) return `refuses ${answer.refused}`
  const list = (names: ReadonlySet<string>) => [...names].sort().join(', ') || 'none'
  const { determining, errors, permitted } = answer
  return `${permitted ? 'permits' : 'denies'}; determining: ${list(determining)}; in error: ${list(errors)}`
}
