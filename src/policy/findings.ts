import { visible } from '../catalog/index.ts'
import { positionAt } from './policy-text.ts'

/** One thing that is wrong, or worth knowing, and where. */
export interface Mistake {
  /** Id of the policy, when it has one. */
  readonly policy: string | undefined
  readonly line: number
  readonly column: number
  readonly message: string
  /** What would help. */
  readonly help: string | undefined
}

/** More would not be read. */
const MOST_FINDINGS = 200

export interface Validation {
  /** None: the policies may be published. */
  readonly mistakes: readonly Mistake[]
  /** Odd, but harmless: a policy that can never apply, a text that mixes scripts. */
  readonly warnings: readonly Mistake[]
}

/** Gathers what is found in one text. */
export class Findings {
  readonly #text: string
  readonly #mistakes: Mistake[] = []
  readonly #warnings: Mistake[] = []

  constructor(text: string) {
    this.#text = text
  }

  mistake(policy: string | undefined, offset: number, message: string, help?: string): void {
    this.#mistakes.push(this.#at(policy, offset, message, help))
  }

  warning(policy: string | undefined, offset: number, message: string, help?: string): void {
    this.#warnings.push(this.#at(policy, offset, message, help))
  }

  get none(): boolean {
    return this.#mistakes.length === 0
  }

  result(): Validation {
    return { mistakes: inOrder(this.#mistakes), warnings: inOrder(this.#warnings) }
  }

  #at(policy: string | undefined, offset: number, message: string, help?: string): Mistake {
    return { policy, ...positionAt(this.#text, offset), message: visible(message), help }
  }
}

/** By place. What is said at one place about several actions is said once. */
function inOrder(found: readonly Mistake[]): readonly Mistake[] {
  const sorted = found.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const groups = Map.groupBy(
    sorted,
    ({ line, column, message }) => `${line}:${column} ${message.replaceAll(ACTION, '')}`,
  )
  const merged = Array.from(groups.values(), mergedOf).filter((each) => each !== undefined)
  return merged.slice(0, MOST_FINDINGS)
}

const ACTION = /Action::"[^"]*"/g

function mergedOf(same: readonly Mistake[]): Mistake | undefined {
  const [first] = same
  if (!first || same.length === 1) return first
  // Stand-ins are nobody's actions; a real one says more.
  const shown = same.find(({ message }) => !message.includes('Action::"any:')) ?? first
  return {
    ...shown,
    message: `${shown.message}, and for ${same.length - 1} more actions`,
    help: 'not every action in the scope has it: name the actions that do, or ask first, as in `context.args has amount && …`',
  }
}
