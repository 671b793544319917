import type { Ports } from '../wire/ports.ts'
import { objectOf, recordOf, textOr } from '../wire/problem.ts'
import { type Answer, problemAnswer } from './answer.ts'
import type { Amount, AnswerPart } from './answers/amounts.ts'
import type { Obligation } from './answers/obligations.ts'
import { argumentTextsOf } from './arguments.ts'
import type { RemitCall } from './guard.ts'

/** A call that reached the API, as `POST /v1/calls` wants it. */
export interface AskedCall {
  readonly scheme: 'DPoP' | 'Bearer'
  readonly token: string
  readonly proofs: readonly string[]
  /** `x5t#S256` of what the client showed at the connection. */
  readonly certificate?: string
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
  readonly ip?: string
  /** Types of obligation that can be carried out here. */
  readonly obligations: readonly string[]
  /** Place in the feed of an API that decides in its own process: facts come with a permit then. */
  readonly in_process?: { readonly session: string; readonly through: number }
}

/** Decides calls, and is told how they ended. */
export interface CallDecider {
  /** Rejects where nothing is decided: then nothing may run. */
  ask(asked: AskedCall): Promise<CallVerdict>
  /** Never rejects. */
  report(decisionId: string, outcome: ReportedOutcome): Promise<void>
  settled(): Promise<void>
}

export type CallVerdict =
  | {
      readonly permitted: true
      readonly call: RemitCall
      /** Obligations that have to be met with its answer, and amounts to be read in it. */
      readonly asked: {
        readonly obligations: readonly Obligation[]
        readonly settles: readonly AnswerPart[]
      }
      /** Tells whether it may not begin any more. */
      readonly late: () => boolean
      /** Facts for further calls of the task, where Remit said any. */
      readonly facts?: unknown
    }
  | { readonly permitted: false; readonly answer: Answer }

interface CallsOptions {
  readonly issuer: string
  readonly secret: string
  readonly timeoutMs: number
  readonly ports: Ports
  readonly onError: (error: unknown) => void
}

export type ReportedOutcome =
  | {
      readonly state: 'answered'
      readonly status: number
      readonly amounts?: readonly Amount[]
    }
  | { readonly state: 'failed' | 'not_sent' }

/** Between attempts to report, milliseconds. */
const PAUSES = [200, 1_000, 5_000]

/** Messages between an enforcement point and Remit. */
export class Calls implements CallDecider {
  readonly #options: CallsOptions
  readonly #reporting = new Set<Promise<void>>()

  constructor(options: CallsOptions) {
    this.#options = options
  }

  /** Throws for anything but an answer that can be read: then nothing may run. */
  async ask(asked: AskedCall): Promise<CallVerdict> {
    const { now } = this.#options.ports
    const began = now()
    const response = await this.#post('/v1/calls', asked)
    const answer = await objectOf(response)
    if (response.status !== 200)
      throw new Error(
        `Remit answered ${response.status} ${textOr(answer.code) ?? ''} to an enforcement point: ${textOr(answer.detail) ?? 'no reason'}`,
      )
    if (answer.decision === false) return { permitted: false, answer: refusalFrom(answer) }
    if (answer.decision !== true) throw new Error('the answer is no decision')
    const validForMs = answer.valid_for_ms
    if (typeof validForMs !== 'number') throw new Error('the answer does not say how long it holds')
    const todo = {
      obligations: listOf(answer.obligations, obligationFrom),
      settles: listOf(answer.settles, partFrom),
    }
    const call = callFrom(answer)
    const late = () => now() - began > validForMs
    return { permitted: true, call, asked: todo, late, facts: answer.facts }
  }

  /**
   * Says how a call ended. Resolves after the first attempt; others follow in the background, and `settled` waits for them. An
   * outcome that never arrives is found indeterminate by Remit.
   */
  async report(decisionId: string, outcome: ReportedOutcome): Promise<void> {
    if (await this.#attempt(decisionId, outcome)) return
    const rest = this.#again(decisionId, outcome).finally(() => this.#reporting.delete(rest))
    this.#reporting.add(rest)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#reporting)
  }

  async #again(decisionId: string, outcome: ReportedOutcome): Promise<void> {
    for (const pause of PAUSES) {
      await this.#options.ports.sleep(pause)
      if (await this.#attempt(decisionId, outcome)) return
    }
    this.#options.onError(new Error(`the outcome of ${decisionId} could not be reported`))
  }

  /** False: it may be tried again. */
  async #attempt(decisionId: string, outcome: ReportedOutcome): Promise<boolean> {
    try {
      const path = `/v1/calls/${encodeURIComponent(decisionId)}/outcome`
      const response = await this.#post(path, outcome)
      if (response.ok) return true
      const { code } = await objectOf(response)
      // An earlier attempt arrived, and its answer did not.
      if (code === 'decision.ended') return true
      if (response.status >= 500) return false
      this.#options.onError(new Error(`the outcome of ${decisionId} was refused: ${String(code)}`))
      return true
    } catch {
      return false
    }
  }

  #post(path: string, body: object): Promise<Response> {
    const { issuer, ports, secret, timeoutMs } = this.#options
    return ports.fetch(issuer + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
  }
}

/** Answer that the API has to give, in Remit's words. */
function refusalFrom(answer: Readonly<Record<string, unknown>>): Answer {
  const { problem, status } = answer
  const told = recordOf(problem)
  if (typeof status !== 'number' || status < 400 || status > 599 || typeof told.code !== 'string')
    throw new Error('the refusal cannot be read')
  const headers = Object.entries(recordOf(answer.headers)).filter(
    (each): each is [string, string] => typeof each[1] === 'string',
  )
  return problemAnswer(status, told, Object.fromEntries(headers))
}

function listOf<T>(value: unknown, read: (each: unknown) => T): readonly T[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new Error('the permit cannot be read')
  return value.map((each: unknown) => read(each))
}

function obligationFrom(value: unknown): Obligation {
  const { properties, type } = recordOf(value)
  const texts = Object.entries(recordOf(properties))
  if (typeof type !== 'string' || !texts.every(([, text]) => typeof text === 'string'))
    throw new Error('what the permit obliges to cannot be read')
  return { type, properties: Object.fromEntries(texts.map(([name, text]) => [name, String(text)])) }
}

function partFrom(value: unknown): AnswerPart {
  const { limit, path } = recordOf(value)
  if ((limit !== 'charged' && limit !== 'rows') || typeof path !== 'string')
    throw new Error('what the permit settles cannot be read')
  return { limit, path }
}

function callFrom(answer: Readonly<Record<string, unknown>>): RemitCall {
  const task = recordOf(answer.task)
  const [id, purpose, parent] = [textOr(task.id), textOr(task.purpose), textOr(task.parent)]
  const [decisionId, action] = [textOr(answer.decision_id), textOr(answer.action)]
  const agent = textOr(answer.agent)
  const { chain } = answer
  const texts = argumentTextsOf(answer.arguments)
  if (!id || !purpose || !decisionId || !action || !agent || !isTexts(chain) || !texts)
    throw new Error('the permit cannot be read')
  return {
    decisionId,
    action,
    person: personFrom(answer.person),
    agent,
    chain,
    ...actorsFrom(answer.actors),
    task: { id, purpose, ...(parent === undefined ? {} : { parent }) },
    purpose,
    arguments: texts,
  }
}

function actorsFrom(value: unknown): Pick<RemitCall, 'actors'> {
  const actors = listOf(value, (each) => {
    const [issuer, subject] = [textOr(recordOf(each).iss), textOr(recordOf(each).sub)]
    if (!issuer || !subject) throw new Error('the permit does not say who acted before')
    return { issuer, subject }
  })
  return actors.length === 0 ? {} : { actors }
}

function personFrom(value: unknown): RemitCall['person'] {
  if (value === null) return undefined
  const { id, issuer, subject } = recordOf(value)
  if (typeof id !== 'string') throw new Error('the permit does not say for whom')
  if (issuer === undefined && subject === undefined) return { id }
  if (typeof issuer !== 'string' || typeof subject !== 'string')
    throw new Error('the permit does not say who that is')
  return { id, issuer, subject }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
