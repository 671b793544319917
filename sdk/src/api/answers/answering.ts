import { type Answer, API_PROBLEMS, problemAnswer } from '../answer.ts'
import { readExactJson } from '../exact-json.ts'
import { type Amount, type AnswerPart, amountsIn } from './amounts.ts'
import { printExactJson } from './follow.ts'
import { type Obligation, reshapeFor, UnfitAnswer } from './obligations.ts'

/** Bytes of an answer that has to be read. */
export const MAX_ANSWER = 1024 * 1024

export interface AnswerFormat {
  readonly contentType: string
  readonly contentEncoding: string
}

/** An answer of a handler, before anyone else sees it. */
export interface HandlersAnswer extends AnswerFormat {
  /** Bytes of the answer; `undefined`: it is larger than may be read. */
  readonly bytes: Uint8Array | undefined
}

/** Bytes that are told in place of the answer, or an answer that says why it is withheld. */
export type AnswerToTell = { readonly bytes: Uint8Array } | { readonly withheld: Answer }

/** Work that has to be done with the answer of one call. */
export interface AnswerWork {
  /** It is told otherwise than it came, so nothing of it before all of it is there. Otherwise it is only read as it passes. */
  readonly holds: boolean
  /** Tells whether it could be read at all, once it is there. */
  canRead(about: AnswerFormat): boolean
  /** Finds what may be told. Never rejects. */
  tell(answer: HandlersAnswer): Promise<AnswerToTell>
  /** Reads the amounts in it, for the report of the outcome. */
  amounts(answer: HandlersAnswer): readonly Amount[]
}

/**
 * Prepares the work that a permit asks for; `undefined` when there is none.
 * @throws Error for what is not known here: the call must not run
 */
export function answeringFor(
  asked: { readonly obligations: readonly Obligation[]; readonly settles: readonly AnswerPart[] },
  given: { readonly hashKey: Uint8Array | undefined; readonly decisionId: string },
): AnswerWork | undefined {
  const { obligations, settles } = asked
  if (obligations.length === 0 && settles.length === 0) return undefined
  const reshape = reshapeFor(obligations, given.hashKey)
  if (!reshape) throw new Error('the permit obliges to something that is not known here')
  return {
    holds: obligations.length > 0,
    canRead: (about) => unreadable(about) === undefined,
    async tell(answer) {
      if (answer.bytes?.byteLength === 0) return { bytes: answer.bytes }
      try {
        const told = await reshape(readExactJson(textOf(answer)))
        return { bytes: new TextEncoder().encode(printExactJson(told)) }
      } catch (error) {
        const why = error instanceof UnfitAnswer ? error.message : 'it is no JSON that can be read'
        return { withheld: withheld(why, given.decisionId) }
      }
    },
    amounts(answer) {
      if (settles.length === 0) return []
      try {
        return amountsIn(readExactJson(textOf(answer)), settles)
      } catch {
        return []
      }
    },
  }
}

/** Withholds an answer in the words of the gateway. */
function withheld(why: string, decisionId: string): Answer {
  const code = 'obligation.failed'
  const [status, title] = API_PROBLEMS[code]
  const detail = `the call was executed, and its response is withheld: a policy requires changes to it, and ${why}`
  const type = `urn:remit:problem:${code}`
  const problem = { type, title, status, detail, code, decision_id: decisionId }
  return problemAnswer(status, problem, { 'remit-decision': decisionId })
}

/**
 * Media types of JSON, without charsets other than UTF-8: the caller would read other names than we
 * do.
 */
const JSON_TYPE =
  /^application\/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*|;(?![^;]*charset)[^;]*)*$/i
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function unreadable({ contentEncoding, contentType }: AnswerFormat): string | undefined {
  if (!JSON_TYPE.test(contentType)) return 'it is no JSON'
  return /^(?:identity)?$/i.test(contentEncoding) ? undefined : 'it is compressed'
}

function textOf({ bytes, ...about }: HandlersAnswer): string {
  const why = unreadable(about)
  if (why !== undefined) throw new UnfitAnswer(why)
  if (!bytes) throw new UnfitAnswer('it is too large')
  return UTF8.decode(bytes)
}

/** Headers that say something of what was answered: names of files, addresses, what stood in it. */
export const OF_THE_ANSWER = [
  'content-disposition',
  'content-md5',
  'digest',
  'etag',
  'last-modified',
  'link',
  'location',
  'preference-applied',
  'repr-digest',
  'content-digest',
] as const

/** The media type goes without what is said beside it. */
export function plainType(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim() ?? ''
}

/** Bytes as they come, up to so many. */
export class KeptBytes {
  readonly #parts: Uint8Array[] = []
  #size = 0

  /** Keeps a chunk; `undefined`: what comes cannot be read. */
  push(chunk: Uint8Array | undefined): void {
    this.#size += chunk?.byteLength ?? Number.POSITIVE_INFINITY
    if (this.isTooLarge) this.#parts.length = 0
    else if (chunk) this.#parts.push(chunk)
  }

  get isTooLarge(): boolean {
    return this.#size > MAX_ANSWER
  }

  /** Joins the bytes; `undefined` when there was more than may be read. */
  bytes(): Uint8Array | undefined {
    if (this.isTooLarge) return undefined
    const all = new Uint8Array(this.#size)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.byteLength
    }
    return all
  }
}

/** Tells whether an answer in JSON would do for the caller. */
export function admitsJson(accept: string | undefined): boolean {
  if (accept === undefined) return true
  return accept
    .toLowerCase()
    .split(',')
    .some((range) =>
      /^[ \t]*(?:\*\/\*|application\/(?:\*|json|[a-z0-9.+-]+\+json))[ \t]*(?:;|$)/.test(range),
    )
}
