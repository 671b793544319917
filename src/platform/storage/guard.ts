import { Problem, type ProblemCode } from '../lib/problem.ts'

/**
 * Condition of a commit, as a value: a step names it, and a commit that fails answers it. Compared by identity. It carries the refusal
 * that it stands for; one without a refusal is for the act that commits to look at.
 */
export class Guard {
  readonly name: string
  readonly #refusal: readonly [ProblemCode, string] | undefined

  constructor(name: string, refusal?: readonly [code: ProblemCode, detail: string]) {
    this.name = name
    this.#refusal = refusal
  }

  /** Makes the refusal. @throws Error where the guard stands for none */
  problem(): Problem {
    if (!this.#refusal) throw new Error(`a commit failed, and nothing answers for it: ${this.name}`)
    return new Problem(...this.#refusal)
  }
}

/** Answer of an act whose commit failed because its inputs changed meanwhile: it is judged again. */
export const OVERTAKEN = { outcome: 'overtaken' } as const
export type WriteConflict = typeof OVERTAKEN
