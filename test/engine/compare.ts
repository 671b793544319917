/** Two engines, one question. */
import type * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Question } from './cases.ts'
import { CompiledEngine } from './compiled.ts'
import { type Answer, Oracle } from './oracle.ts'
import type { PolicySet } from './policies.ts'

/** Answer of an engine, or the reason why there was none. */
type EngineAnswer = Answer | { readonly refused: string }

export interface Disagreement {
  readonly question: Question
  readonly official: EngineAnswer
  readonly ours: EngineAnswer
}

/** Pair of both engines with the same policies. */
export class Pair {
  readonly #oracle: (question: Question) => EngineAnswer
  readonly #compiled: (question: Question) => EngineAnswer

  /** `text`: the same policies for the official engine, where it is to read them itself. */
  constructor(set: PolicySet, text?: cedar.PolicySet) {
    this.#oracle = asking(() => new Oracle(text ?? set))
    this.#compiled = asking(() => new CompiledEngine(set))
  }

  /** `undefined` where they agree. */
  compare(question: Question): Disagreement | undefined {
    const official = this.#oracle(question)
    const ours = this.#compiled(question)
    return agree(official, ours) ? undefined : { question, official, ours }
  }

  official(question: Question): EngineAnswer {
    return this.#oracle(question)
  }
}

function asking(make: () => Oracle | CompiledEngine): (question: Question) => EngineAnswer {
  let engine: Oracle | CompiledEngine
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
export function agree(a: EngineAnswer, b: EngineAnswer): boolean {
  if ('refused' in a || 'refused' in b) return 'refused' in a && 'refused' in b
  return (
    a.permitted === b.permitted && alike(a.determining, b.determining) && alike(a.errors, b.errors)
  )
}

function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((name) => b.has(name))
}

/** Describes an answer in words, for whoever reads a failing test. */
export function told(answer: EngineAnswer): string {
  if ('refused' in answer) return `refuses ${answer.refused}`
  const list = (names: ReadonlySet<string>) => [...names].sort().join(', ') || 'none'
  const { determining, errors, permitted } = answer
  return `${permitted ? 'permits' : 'denies'}; determining: ${list(determining)}; in error: ${list(errors)}`
}
