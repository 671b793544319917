import type { Method } from '../../../console/operation-kit/operation.ts'
import { CommandFailure } from '../failure.ts'
import type { World } from '../world.ts'
import { awaitConfirmation, type ConfirmationJson } from './confirmation.ts'
import type { AnswerOf, InputOf, PathOf } from './operation-types.ts'
import { refusedFailure, unreachableFailure } from './refused.ts'
import { requireIssuer } from './require-issuer.ts'
import { StoredSessions } from './sessions.ts'

const PREFIX = '/api/v1'
/** Importing a large document or publishing many policies takes seconds. */
const TIMEOUT_MS = 120_000
/** Patience with what tells how far it is while it works. */
const LONG_TIMEOUT_MS = 60 * 60_000

interface ApiInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: object
}

/** A path below `/api/v1` with every value encoded, so that none of them can lead somewhere else. */
export function at(words: TemplateStringsArray, ...values: readonly string[]): string {
  return words.reduce((path, part, i) => path + segment(values[i - 1] ?? '') + part)
}

function segment(value: string): string {
  if (value === '' || value === '.' || value === '..')
    throw new CommandFailure(`\`${value}\` is not a name`, { exit: 2 })
  return encodeURIComponent(value)
}

/** A route with its values, each encoded. */
function filled(path: string, params: Readonly<Record<string, string>> = {}): string {
  return path.replaceAll(/:(\w+)/g, (_, name: string) => segment(params[name] ?? ''))
}

function searchOf(query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((each): each is [string, string] => !!each[1])
  return given.length ? `?${new URLSearchParams(given)}` : ''
}

/** The management API of one server, as the person who is signed in. */
export class Api {
  readonly #world: World
  readonly #sessions: StoredSessions
  readonly #confirming: (asked: ConfirmationJson) => void
  readonly url: string

  /** `confirming` tells the person what to confirm, and where. */
  constructor(world: World, url: string, confirming: (asked: ConfirmationJson) => void) {
    this.#world = world
    this.#sessions = new StoredSessions(world)
    this.#confirming = confirming
    this.url = url
  }

  /** Tells whether a person is signed in here; the server may see it differently. */
  async signedIn(): Promise<boolean> {
    return (await this.#sessions.find(this.url)) !== undefined
  }

  /** Changes something. What widens access is confirmed by the person on a page first, and asked for again with that. */
  async #send<T>(method: string, path: string, body: object | undefined): Promise<T> {
    const answer = await this.#fetch(method, path, body)
    if (answer.status !== 202) return readApiAnswer<T>(answer)
    const { confirmation } = await readApiAnswer<{ confirmation: ConfirmationJson }>(answer)
    this.#confirming(confirmation)
    await awaitConfirmation({
      state: () => this.call('GET', '/confirmations/:id', { params: { id: confirmation.id } }),
      wait: this.#world.wait,
    })
    return readApiAnswer<T>(
      await this.#fetch(method, path, body, { 'remit-confirmation': confirmation.id }),
    )
  }

  /**
   * Carries out one operation. What widens access is confirmed by the person on a page first, and asked for again with that.
   * `path` is the route as the API has it; `params` fills it in.
   */
  async call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    given: InputOf<M, P>,
  ): Promise<AnswerOf<M, P>> {
    return (await this.perform(method, path, given)) as AnswerOf<M, P> // as: the shape of the operation's answer
  }

  /** Carries out an operation of which only the route is known. */
  async perform(method: string, path: string, given: object): Promise<unknown> {
    const { body, params, query } = given as ApiInput // as: any input has these parts
    return this.#send(method, filled(path, params) + searchOf(query), body)
  }

  /** An answer that is too long to hold. */
  async stream(path: string): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#fetch('GET', path, undefined)
    if (!body) throw new CommandFailure('The server answered nothing')
    return body
  }

  /** Lines of JSON, one after the other, for as long as the server has more to say. */
  async *lines(path: string, body: object): AsyncGenerator<Readonly<Record<string, unknown>>> {
    const answer = await this.#fetch('POST', path, body, {}, LONG_TIMEOUT_MS)
    if (!answer.body) throw new CommandFailure('The server answered nothing')
    let rest = ''
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield JSON.parse(line) as Readonly<Record<string, unknown>> // as: an object in each line
    }
  }

  async #fetch(
    method: string,
    path: string,
    body: object | undefined,
    headers: Readonly<Record<string, string>> = {},
    patience = TIMEOUT_MS,
  ): Promise<Response> {
    const session = await this.#sessions.find(this.url)
    if (!session) {
      await requireIssuer(this.url)
      throw notSignedIn(this.url)
    }
    const answer = await fetch(this.url + PREFIX + path, {
      method,
      // The token goes to this server and nowhere else.
      redirect: 'error',
      signal: AbortSignal.timeout(patience),
      headers: {
        authorization: `Bearer ${session.token.reveal()}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw unreachableFailure(this.url, error)
    })
    if (!answer.ok) throw await refusedFailure(this.url, answer)
    return answer
  }
}

async function readApiAnswer<T>(answer: Response): Promise<T> {
  return (await answer.json()) as T // as: the shape of the operation's answer, which `src/console/api` validates
}

function notSignedIn(url: string): CommandFailure {
  return new CommandFailure('Sign in first', {
    code: 'session.required',
    detail: `you are not signed in to ${url}, or the session has expired`,
    next: [loginLine(url)],
  })
}

export function loginLine(url: string): string {
  return url === 'http://127.0.0.1:7480' ? 'remit login' : `remit login --url ${url}`
}
