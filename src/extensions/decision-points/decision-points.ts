import type { ExternalAnswer } from '@remit/engine'
import type { ActionNames, EvaluatedSubject, ExternalPoints } from '../../calls/calls/index.ts'
import { RULES } from '../../catalog/catalog/index.ts'
import { UnmappableCall } from '../../platform/cel/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Outbound } from '../../platform/net/index.ts'
import { keptKeys, type Live, type LiveView } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { mappedRequestsFor } from './cel/ask-mapped.ts'
import type { MappedRequests } from './cel/requests.ts'
import { Circuit } from './circuit.ts'
import { decisionPointPlace, isAskedAbout, type SealedDecisionPoint } from './decision-point.ts'
import { selectPoints } from './decision-point-store.ts'
import {
  evaluationRequest,
  MAX_ANSWER_BYTES,
  type PointAnswer,
  readEvaluation,
} from './evaluation.ts'

export interface DecisionPointsOptions {
  readonly storage: Storage
  readonly live: Pick<Live, 'view'>
  readonly master: Pick<MasterKey, 'open'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly outbound: Pick<Outbound, 'fetch'>
}

const NONE: readonly ExternalAnswer[] = []
const UNDER = keptKeys([RULES])

interface Question {
  readonly decisionId: string
  /** JSON text. */
  readonly body: string
}

const UNMAPPED = {
  answer: 'unmapped',
  detail: 'the request that the tool declares cannot be made from this call',
} as const

/** The decision points of others, as configured now, asked about calls. One for each process. */
export class DecisionPoints implements ExternalPoints {
  readonly #options: DecisionPointsOptions
  #points: { readonly epoch: number; readonly all: readonly SealedDecisionPoint[] } | undefined
  /** Circuits by what they are asked at: a point that was removed and added again starts over. */
  readonly #circuits = new Map<string, Circuit>()

  constructor(options: DecisionPointsOptions) {
    this.#options = options
  }

  /** Tells whether calls are denied at once for now, because it failed. Of this process. */
  isLeftAlone(point: Pick<SealedDecisionPoint, 'name' | 'createdAt'>): boolean {
    return this.#circuits.get(decisionPointKey(point))?.isOpen === true
  }

  /**
   * Asks all decision points that are for this call, at the same time. Never throws for what they
   * do: whatever is not a clear answer is a failure, and denies. The caller has read the view that
   * watches over `RULES` before.
   */
  answers(about: EvaluatedSubject): Awaitable<readonly ExternalAnswer[]> {
    const { action, resource } = about.call
    const asked = this.#askedAbout({ resource: resource.name, action: action.name })
    if (asked instanceof Promise) return asked.then((points) => this.#answersOf(points, about))
    return asked.length === 0 ? NONE : this.#answersOf(asked, about)
  }

  async #answersOf(
    points: readonly SealedDecisionPoint[],
    about: EvaluatedSubject,
  ): Promise<readonly ExternalAnswer[]> {
    if (points.length === 0) return NONE
    const { call } = about
    const mapped = await mappedRequestsFor(call, about.says)
    return Promise.all(points.map((point) => this.#answers(point, about, mapped)))
  }

  judge(call: ActionNames): Awaitable<boolean> {
    const asked = this.#askedAbout(call)
    return asked instanceof Promise ? asked.then(({ length }) => length > 0) : asked.length > 0
  }

  #askedAbout(call: ActionNames): Awaitable<readonly SealedDecisionPoint[]> {
    const among = (all: readonly SealedDecisionPoint[]) =>
      all.length === 0 ? all : all.filter((point) => isAskedAbout(point, call))
    const all = this.#configured()
    return all instanceof Promise ? all.then(among) : among(all)
  }

  /**
   * INVARIANT: a tool's declaration says how to ask, never whether: a decision point is asked all of it, and has to permit all of it.
   * One that is to have no arguments is asked as always, for a declaration could hand them over.
   */
  async #answers(
    point: SealedDecisionPoint,
    about: EvaluatedSubject,
    mapped: MappedRequests | undefined,
  ): Promise<ExternalAnswer> {
    const { decisionId } = about
    const { name, sendsArguments } = point
    if (mapped === undefined || !sendsArguments) {
      const body = JSON.stringify(evaluationRequest(about, sendsArguments))
      return this.#answer(point, { decisionId, body })
    }
    if (mapped instanceof UnmappableCall) return { name, ...UNMAPPED, note: mapped.message }
    const asks = mapped.map((body) => this.#answer(point, { decisionId, body }))
    return strictest(name, await Promise.all(asks))
  }

  /** All decision points, as configured now. */
  #configured(): Awaitable<readonly SealedDecisionPoint[]> {
    const view = this.#options.live.view(UNDER)
    return view instanceof Promise ? view.then((read) => this.#under(read)) : this.#under(view)
  }

  #under({ states }: LiveView): Awaitable<readonly SealedDecisionPoint[]> {
    const epoch = states[0]?.epoch ?? 0
    return this.#points?.epoch === epoch ? this.#points.all : this.#readUnder(epoch)
  }

  async #readUnder(epoch: number): Promise<readonly SealedDecisionPoint[]> {
    const { storage } = this.#options
    const all = await selectPoints(storage.read)
    // Two reads may overtake each other; the reading under the later epoch stays.
    if (!this.#points || this.#points.epoch < epoch) this.#points = { epoch, all }
    const keys = new Set(all.map(decisionPointKey))
    for (const key of this.#circuits.keys()) if (!keys.has(key)) this.#circuits.delete(key)
    return all
  }

  async #answer(point: SealedDecisionPoint, question: Question): Promise<ExternalAnswer> {
    const { name } = point
    const circuit = this.#circuits.get(decisionPointKey(point)) ?? new Circuit(this.#options.clock)
    this.#circuits.set(decisionPointKey(point), circuit)
    const why = circuit.enter()
    if (why !== undefined) return { name, answer: 'failed', detail: why }
    const evaluation = await this.#ask(point, question)
    if ('failed' in evaluation) {
      circuit.failed()
      return { name, answer: 'failed', detail: evaluation.failed }
    }
    circuit.answered()
    const { decision, note } = evaluation
    return { name, answer: decision ? 'permit' : 'deny', ...(note === undefined ? {} : { note }) }
  }

  async #ask(point: SealedDecisionPoint, { body, decisionId }: Question): Promise<PointAnswer> {
    try {
      const answer = await this.#options.outbound.fetch(
        point.url,
        {
          method: 'POST',
          headers: {
            ...this.#credential(point),
            accept: 'application/json',
            'content-type': 'application/json',
            'x-request-id': decisionId,
          },
          body,
        },
        { maxBytes: MAX_ANSWER_BYTES, timeoutMs: point.timeoutMs },
      )
      return await readPointAnswer(answer)
    } catch (error) {
      return { failed: failureOf(error) }
    }
  }

  /** Opens the credential as late as possible, and keeps it nowhere. */
  #credential(point: SealedDecisionPoint): Record<string, string> {
    const { header, sealed } = point
    if (header === undefined || !sealed) return {}
    const secret = Buffer.from(
      this.#options.master.open(sealed, decisionPointPlace(point)),
    ).toString()
    return { [header]: header === 'authorization' ? `Bearer ${secret}` : secret }
  }
}

/** A permit only where all of them are. */
function strictest(name: string, answers: readonly ExternalAnswer[]): ExternalAnswer {
  const worst =
    answers.find(({ answer }) => answer === 'deny') ??
    answers.find(({ answer }) => answer !== 'permit') ??
    answers[0]
  return worst ?? { name, ...UNMAPPED }
}

/** AuthZEN 1.0: a denial is 200, too. Any other status is about the question, and redirects are not followed. */
async function readPointAnswer(answer: Response): Promise<PointAnswer> {
  const { headers, status } = answer
  if (status !== 200) return { failed: `it answered ${status}` }
  const type = headers.get('content-type') ?? ''
  if (headers.has('content-encoding') || !/^application\/json[ \t]*(?:;|$)/i.test(type))
    return { failed: 'what it answered is not plain JSON' }
  return readEvaluation(await answer.bytes())
}

const WORDS: Readonly<Record<string, string>> = {
  'outbound.timed_out': 'it did not answer in time',
  'outbound.unreachable': 'it could not be reached',
  'outbound.too_large': 'it answered too much',
  'outbound.refused': 'its address may not be reached from here',
  'keys.cannot_open': 'the credential for it cannot be opened',
}

/** INVARIANT: nothing of the error itself: it may speak of addresses. */
function failureOf(error: unknown): string {
  const code = error instanceof Problem ? error.code : ''
  return WORDS[code] ?? 'it could not be asked'
}

function decisionPointKey({
  createdAt,
  name,
}: Pick<SealedDecisionPoint, 'name' | 'createdAt'>): string {
  return `${name} ${createdAt}`
}
