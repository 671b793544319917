import type { Admission, CallEnd } from '../guard.ts'
import {
  type AnswerToTell,
  type AnswerWork,
  KeptBytes,
  OF_THE_ANSWER,
  plainType,
} from './answering.ts'

type AdmittedCall = Extract<Admission, { admitted: true }>
type Callback = (error?: Error | null) => void
type Rest = readonly unknown[]

/** A response of `node:http`, as far as it is taken over. */
export interface WritableResponse {
  statusCode: number
  statusMessage?: string
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly writableFinished: boolean
  readonly destroyed: boolean
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | number | readonly string[]): unknown
  removeHeader(name: string): void
  writeHead(...given: unknown[]): unknown
  write(...given: unknown[]): boolean
  end(...given: unknown[]): unknown
  once(event: 'close' | 'finish', listener: () => void): unknown
}

/**
 * Reports the outcome when the answer is out, or the client has gone. What has to be told otherwise than the handler answers
 * is held: nothing of it leaves before all of it is there and is as it has to be. Everything that a framework sends goes through these
 * methods of the response, whatever it calls itself.
 */
export function tellNode(response: WritableResponse, { answering, ended }: AdmittedCall): void {
  let answer: Pick<CallEnd, 'amounts'> & { readonly status?: number } = {}
  if (answering?.holds)
    new BufferedResponse(response, answering, (of) => {
      answer = of
    })
  else if (answering) watch(response, answering, (amounts) => (answer = { amounts }))
  let told = false
  const tell = () => {
    if (told) return
    told = true
    const answered = response.writableFinished || response.headersSent
    void ended(answered || 'status' in answer ? { status: response.statusCode, ...answer } : {})
  }
  response.once('finish', tell)
  response.once('close', tell)
}

/** Methods that would send something of an answer beside it. */
const ASIDE = ['flushHeaders', 'writeEarlyHints', 'writeContinue', 'writeProcessing'] as const

class BufferedResponse {
  readonly #response: WritableResponse
  readonly #answering: AnswerWork
  readonly #onAnswer: (of: { status: number } & Pick<CallEnd, 'amounts'>) => void
  readonly #kept = new KeptBytes()
  #ended = false

  constructor(
    response: WritableResponse,
    answering: AnswerWork,
    onAnswer: (of: { status: number } & Pick<CallEnd, 'amounts'>) => void,
  ) {
    this.#response = response
    this.#answering = answering
    this.#onAnswer = onAnswer
    const own: Record<string, unknown> = {
      writeHead: (status: number, ...rest: Rest) => this.#head(status, rest),
      write: (...given: Rest) => this.#write(given),
      end: (...given: Rest) => this.#end(given),
      addTrailers: () => {},
    }
    for (const name of ASIDE) own[name] = () => {}
    for (const [name, value] of Object.entries(own))
      Object.defineProperty(response, name, { configurable: true, writable: true, value })
    // For frameworks that ask whether they have answered: they have, once they have ended it.
    for (const name of ['headersSent', 'writableEnded'])
      Object.defineProperty(response, name, { configurable: true, get: () => this.#ended })
  }

  #head(status: number, [message, headers]: Rest): WritableResponse {
    this.#response.statusCode = status
    if (typeof message === 'string') this.#response.statusMessage = message
    for (const [name, value] of headersIn(typeof message === 'string' ? headers : message))
      this.#response.setHeader(name, value)
    return this.#response
  }

  #write([chunk, encoding, callback]: Rest): boolean {
    if (!this.#ended) this.#kept.push(bytesOf(chunk, encoding))
    // A stream has no end that anyone could wait for.
    if (!this.#ended && !this.#answering.canRead(this.#about())) this.#finish(undefined, undefined)
    called(typeof encoding === 'function' ? encoding : callback)
    return true
  }

  #end([chunk, encoding, callback]: Rest): WritableResponse {
    if (this.#ended) return this.#response
    const done = [chunk, encoding, callback].find((each) => typeof each === 'function')
    if (typeof chunk === 'string' || chunk instanceof Uint8Array)
      this.#kept.push(bytesOf(chunk, encoding))
    this.#finish(this.#kept.bytes(), done)
    return this.#response
  }

  #finish(bytes: Uint8Array | undefined, done: unknown): void {
    this.#ended = true
    const answer = { ...this.#about(), bytes }
    this.#onAnswer({
      status: this.#response.statusCode,
      amounts: this.#answering.amounts(answer),
    })
    void this.#answering.tell(answer).then((told) => this.#release(told, answer.contentType, done))
  }

  #about() {
    return {
      contentType: textOf(this.#response.getHeader('content-type')),
      contentEncoding: textOf(this.#response.getHeader('content-encoding')),
    }
  }

  /** INVARIANT: the response is the framework's own again only with what may be told. */
  #release(told: AnswerToTell, contentType: string, done: unknown): void {
    const response = this.#response
    for (const name of [...OWN, ...ASIDE]) Reflect.deleteProperty(response, name)
    for (const name of [...OF_THE_ANSWER, 'content-length', 'trailer', 'transfer-encoding'])
      response.removeHeader(name)
    if ('withheld' in told) {
      const { body, headers, status } = told.withheld
      response.statusCode = status
      response.statusMessage = ''
      response.removeHeader('content-encoding')
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      response.end(body, ...(typeof done === 'function' ? [done] : []))
      return
    }
    if (contentType !== '') response.setHeader('content-type', plainType(contentType))
    if (told.bytes.byteLength > 0) response.setHeader('content-length', told.bytes.byteLength)
    response.end(told.bytes, ...(typeof done === 'function' ? [done] : []))
  }
}

const OWN = ['writeHead', 'write', 'end', 'addTrailers', 'headersSent', 'writableEnded'] as const

/** Reads what passes, and changes nothing of it. */
function watch(
  response: WritableResponse,
  answering: AnswerWork,
  onAmounts: (amounts: NonNullable<CallEnd['amounts']>) => void,
): void {
  const kept = new KeptBytes()
  const { end, write, writeHead } = response
  let head = new Map<string, string>()
  const saw = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array)
      kept.push(bytesOf(chunk, encoding))
  }
  response.writeHead = (...given: Rest) => {
    const headers = given.find((each) => typeof each === 'object')
    head = new Map(
      headersIn(headers).map(([name, value]) => [name.toLowerCase(), textOf(value)] as const),
    )
    return writeHead.apply(response, [...given])
  }
  response.write = (...given: Rest) => {
    saw(given[0], given[1])
    return write.apply(response, [...given])
  }
  response.end = (...given: Rest) => {
    saw(given[0], given[1])
    const header = (name: string) => head.get(name) ?? textOf(response.getHeader(name))
    onAmounts(
      answering.amounts({
        contentType: header('content-type'),
        contentEncoding: header('content-encoding'),
        bytes: kept.bytes(),
      }),
    )
    return end.apply(response, [...given])
  }
}

/** Reads headers as `writeHead` takes them: an object, or a flat list of names and values. */
function headersIn(given: unknown): readonly (readonly [string, string | readonly string[]])[] {
  if (Array.isArray(given)) {
    const flat = given.flat().map(String)
    return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ''] as const] : []))
  }
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [[name, Array.isArray(value) ? value.map(String) : String(value)] as const],
  )
}

/**
 * Takes the bytes of a chunk; `undefined` for a text in another encoding than UTF-8: only Node
 * knows its bytes.
 */
function bytesOf(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return Uint8Array.from(chunk)
  if (typeof encoding === 'string' && !/^utf-?8$/i.test(encoding)) return undefined
  return new TextEncoder().encode(String(chunk))
}

function called(callback: unknown): void {
  if (typeof callback === 'function') queueMicrotask(callback as Callback) // as: Node calls it like that
}

function textOf(value: number | string | readonly string[] | undefined): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.join(', ') : String(value)
}
