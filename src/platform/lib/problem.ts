import { AGENT_PROBLEMS } from './problems/agents.ts'
import { APPROVAL_PROBLEMS } from './problems/approvals.ts'
import { CATALOG_PROBLEMS } from './problems/catalog.ts'
import { DECISION_PROBLEMS } from './problems/decisions.ts'
import { PERSON_PROBLEMS } from './problems/people.ts'
import { POLICY_PROBLEMS } from './problems/policy.ts'
import { SERVER_PROBLEMS } from './problems/server.ts'
import { SPACE_PROBLEMS } from './problems/spaces.ts'
import { TASK_PROBLEMS } from './problems/tasks.ts'
import { TOKEN_PROBLEMS } from './problems/tokens.ts'
import { WIRE_PROBLEMS } from './problems/wire.ts'

/** Status of HTTP and title of a problem. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
}

/**
 * Catalogue of the problems of the centre by stable code: one part for each subject. Modules declare their own (`moduleProblem`). One
 * page per code in `docs/problems/`, and a check that both lists are equal. A denial is not a problem: it is a decision.
 */
export const PROBLEMS = {
  ...AGENT_PROBLEMS,
  ...APPROVAL_PROBLEMS,
  ...CATALOG_PROBLEMS,
  ...DECISION_PROBLEMS,
  ...PERSON_PROBLEMS,
  ...POLICY_PROBLEMS,
  ...SERVER_PROBLEMS,
  ...SPACE_PROBLEMS,
  ...TASK_PROBLEMS,
  ...TOKEN_PROBLEMS,
  ...WIRE_PROBLEMS,
} as const satisfies Record<string, ProblemKind>

const OF_MODULES = new Map<string, ProblemKind>()

/** Problems of modules, by code. Each module adds its own to this type, beside `moduleProblem`. */
// biome-ignore lint/suspicious/noEmptyInterface: modules add to it
export interface ModuleProblems {}

export type ModuleCode = keyof ModuleProblems

export type ProblemCode = keyof typeof PROBLEMS | ModuleCode

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(PROBLEMS, text) || OF_MODULES.has(text)
}

export function problemKind(code: ProblemCode): ProblemKind {
  const kinds: Readonly<Record<string, ProblemKind>> = PROBLEMS
  const kind = kinds[code] ?? OF_MODULES.get(code)
  if (!kind) throw new Error(`\`${code}\` is no problem that was declared`)
  return kind
}

type ProblemDetails = readonly [
  detail: string,
  options?: { cause?: unknown; members?: Readonly<Record<string, unknown>> },
]

/** A failure with a stable code. `detail` is for the caller: lower case, no full stop, never a secret. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: ProblemCode, ...[detail, options = {}]: ProblemDetails) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.detail = detail
    this.members = options.members ?? {}
  }

  get status(): number {
    return problemKind(this.code).status
  }

  /** RFC 9457 problem details. */
  toJSON(): Record<string, unknown> {
    const { status, title } = problemKind(this.code)
    return {
      type: `urn:remit:problem:${this.code}`,
      title,
      status,
      detail: this.detail,
      code: this.code,
      ...this.members,
    }
  }
}

/** Declares the problems of a module. Answers their class. */
export function moduleProblem<D extends Partial<Readonly<Record<ModuleCode, ProblemKind>>>>(
  declared: D,
) {
  for (const [code, kind] of Object.entries<ProblemKind>(declared)) OF_MODULES.set(code, kind)
  return class extends Problem {
    static readonly declared = declared

    constructor(code: keyof D & ModuleCode, ...about: ProblemDetails) {
      super(code, ...about)
    }
  }
}

/**
 * Makes a handler for `catch`, for a check that another room makes: answers the refusal of this
 * room instead of the problem. A problem that is not the caller's (5xx: a store or a provider cannot
 * be reached) stays thrown.
 */
export function onProblem<R>(refusal: (problem: Problem) => R): (error: unknown) => R {
  return (error) => {
    if (error instanceof Problem && error.status < 500) return refusal(error)
    throw error
  }
}
