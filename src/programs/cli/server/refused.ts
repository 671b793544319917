import { CommandFailure } from '../failure.ts'

/** An answer that is no success, from the server at `url`, as a failure. Reads RFC 9457. */
export async function refusedFailure(url: string, answer: Response): Promise<CommandFailure> {
  const body: unknown = await answer.json().catch(() => undefined)
  const problem = isProblem(body) ? body : undefined
  if (!problem) {
    return new CommandFailure(`The server answered ${answer.status}`, {
      detail: `what it said is not Remit's; is ${url} the right address?`,
      next: ['name the server with --url or REMIT_URL'],
    })
  }
  return problemFailure(problem)
}

export interface ProblemDocument {
  readonly title: string
  readonly code: string
  readonly detail?: string
  readonly [member: string]: unknown
}

export function isProblem(value: unknown): value is ProblemDocument {
  if (typeof value !== 'object' || value === null) return false
  const { code, detail, title }: { code?: unknown; detail?: unknown; title?: unknown } = value
  const told = detail === undefined || typeof detail === 'string'
  return typeof title === 'string' && typeof code === 'string' && told
}

export function problemFailure(problem: ProblemDocument): CommandFailure {
  const { code, detail, title, type: _, ...members } = problem
  return new CommandFailure(title, { code, detail, members })
}

/** Fails since the server did not answer. */
export function unreachableFailure(url: string, cause: unknown): CommandFailure {
  return silent('The server', url, cause, [
    'start one: `remit dev`',
    'or name another with --url or REMIT_URL',
  ])
}

/**
 * Fails since there was no answer where a call goes: at the gateway, or at an API that is called
 * directly.
 */
export function apiUnreachable(url: string, cause: unknown): CommandFailure {
  return silent('The API', url, cause, [
    `is anything running at ${new URL(url).origin}? That is the gateway, or the API itself when it is called directly`,
  ])
}

function silent(who: string, url: string, cause: unknown, next: readonly string[]): CommandFailure {
  const { cause: inner }: { cause?: unknown } = cause instanceof Error ? cause : {}
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : ''
  const late = cause instanceof Error && cause.name === 'TimeoutError'
  return new CommandFailure(late ? `${who} did not answer in time` : `${who} cannot be reached`, {
    detail: `nothing usable came from ${url}${code === '' ? '' : ` (${code})`}`,
    next,
    cause,
  })
}
