import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { positionsAt } from './policy-text.ts'

/** One thing that is wrong, or worth knowing, and where. */
export interface Mistake {
  /** Id of the policy, when it has one. */
  readonly policy?: string
  readonly line: number
  readonly column: number
  readonly message: string
  /** Advice that would help. */
  readonly help?: string
}

/** More would not be read. */
const MAX_FINDINGS = 200

export interface Validation {
  /** Mistakes; when there are none, the policies may be published. */
  readonly mistakes: readonly Mistake[]
  /**
   * Findings that are odd, but harmless: a policy that can never apply, a text that mixes scripts.
   */
  readonly warnings: readonly Mistake[]
}

/** Finding without a line and a column yet: a place costs a look at everything before it. */
interface UnplacedFinding {
  readonly policy: string | undefined
  readonly offset: number
  readonly message: string
  readonly help: string | undefined
}

/** Gathers the findings of one text. */
export class Findings {
  readonly #text: string
  readonly foreign: boolean
  readonly #mistakes: UnplacedFinding[] = []
  readonly #warnings: UnplacedFinding[] = []

  /** `foreign`: a set with a schema of its own, written for other programs too: annotations of theirs are told and stay. */
  constructor(text: string, foreign = false) {
    this.#text = text
    this.foreign = foreign
  }

  mistake(policy: string | undefined, offset: number, message: string, help?: string): void {
    this.#mistakes.push({ policy, offset, message: visible(message), help })
  }

  warning(policy: string | undefined, offset: number, message: string, help?: string): void {
    this.#warnings.push({ policy, offset, message: visible(message), help })
  }

  get none(): boolean {
    return this.#mistakes.length === 0
  }

  /** Tells whether there are as many warnings as anyone would read. */
  get full(): boolean {
    return this.#warnings.length >= MAX_FINDINGS
  }

  result(): Validation {
    return { mistakes: this.#placed(this.#mistakes), warnings: this.#placed(this.#warnings) }
  }

  #placed(found: readonly UnplacedFinding[]): readonly Mistake[] {
    const shown = inOrder(found)
    const places = positionsAt(
      this.#text,
      shown.map(({ offset }) => offset),
    )
    return shown.map(({ help, message, policy }, i) => {
      const { column = 1, line = 1 } = places[i] ?? {}
      return {
        ...(policy === undefined ? {} : { policy }),
        ...{ line, column, message },
        ...(help === undefined ? {} : { help }),
      }
    })
  }
}

/** Sorts findings by place. A finding at one place about several actions is given once. */
function inOrder(found: readonly UnplacedFinding[]): readonly UnplacedFinding[] {
  const sorted = found.toSorted((a, b) => a.offset - b.offset)
  const groups = Map.groupBy(
    sorted,
    ({ message, offset }) => `${offset} ${message.replaceAll(ACTION, '')}`,
  )
  const merged = Array.from(groups.values(), mergedOf).filter((each) => each !== undefined)
  return merged.slice(0, MAX_FINDINGS)
}

const ACTION = /Action::"[^"]*"/g
const NOBODYS = /Action::"(?:any|issue):/

function mergedOf(same: readonly UnplacedFinding[]): UnplacedFinding | undefined {
  const [first] = same
  if (!first || same.length === 1) return first
  // Stand-ins are not real actions; a real one tells more.
  const shown = same.find(({ message }) => !NOBODYS.test(message)) ?? first
  return {
    ...shown,
    message: `${shown.message}, and for ${same.length - 1} more actions`,
    help: 'not every action in the scope has it: name the actions that do, or ask first, as in `context.args has amount && …`',
  }
}

/** Refusal of a text for its mistakes; the first of them is told. */
export function invalidPolicies(
  mistakes: readonly Mistake[],
  code: 'policy.invalid' | 'policy.would_break' = 'policy.invalid',
): Problem {
  const [first] = mistakes
  const where = first
    ? `line ${first.line}, column ${first.column}: ${first.message}`
    : 'unreadable'
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : ''
  return new Problem(code, `${where}${more}`, { members: { mistakes } })
}
