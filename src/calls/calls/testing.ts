import { createHash } from 'node:crypto'
import { after, type TestContext } from 'node:test'
import { asDelegates, type Detail, matchAction } from '@remit/engine'
import { type AccessRequest, findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import type { OpenedTask, Opening } from '../../grants/grants/opening.ts'
import { openTask } from '../../grants/grants/openings/open-task.ts'
import {
  issueResourceToken,
  type ResourceTokenRequest,
} from '../../grants/issuance/issue-resource-token.ts'
import { signInPerson } from '../../identity/identity-providers/sign-in-person.ts'
import { type FakeProvider, fakeProvider } from '../../identity/identity-providers/testing.ts'
import type { Person } from '../../identity/people/index.ts'
import { type Json, parseJson } from '../../platform/lib/json.ts'
import type { Storage } from '../../platform/storage/index.ts'
import type { OpenStorage } from '../../platform/storage/testing.ts'
import { REFUND_DESK } from '../../policy/policy/testing.ts'
import { grantBasis } from '../../tasks/consent/index.ts'
import type { Call } from '../../tasks/facts/call.ts'
import { decideCall } from './decide-call.ts'
import {
  ALL_OF_ORDERS,
  decisionPoints,
  deskOver,
  GATEWAY,
  ISSUER,
  ORDERS,
  riskBooks,
} from './desk/testing.ts'
import { jwt, newKey, type TestKey } from './keys/testing.ts'
import type { Verdict } from './verdict.ts'

export {
  ALL_OF_ORDERS,
  decisionPoints,
  GATEWAY,
  ISSUER,
  newKey,
  ORDERS,
  REFUND_DESK,
  riskBooks,
  type TestKey,
}

export const TOKEN_URL = `${ISSUER}/oauth/token`
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** An opened task, as the agent holds it. */
export interface HeldTask {
  readonly opened: OpenedTask
  readonly key: TestKey
}

/** Request that an agent wants to send. */
export interface Wish {
  readonly method?: string
  readonly path: string
  readonly query?: readonly (readonly [string, string])[]
  readonly headers?: readonly (readonly [string, string])[]
  /** JSON text. */
  readonly body?: string
}

export const READ: Wish = { path: '/orders/1042' }
export function refund(amount: string, order = '1042'): Wish {
  return { method: 'POST', path: `/orders/${order}/refunds`, body: `{"amount":${amount}}` }
}

/** Worlds for the tests of one suite: one that they share as long as they leave it as it is, and ones of their own. */
export function worldsOver(open: OpenStorage) {
  let shared: Promise<World> | undefined
  after(async () => (await shared)?.end())
  return {
    shared(): Promise<World> {
      shared ??= open.shared().then((storage) => World.over(storage))
      return shared
    },
    async own(t: TestContext): Promise<World> {
      const world = await World.over(await open())
      t.after(() => world.end())
      return world
    },
  }
}

/**
 * The refund desk of the story, on real rooms: people of support and finance at a provider, the orders API, policies, an
 * agent with a key and a basis for Sam.
 */
export class World {
  readonly parts: Awaited<ReturnType<typeof deskOver>>['parts']
  readonly provider: FakeProvider
  readonly agentKey: TestKey
  readonly sam: Person
  readonly finn: Person
  readonly fay: Person
  readonly ada: Person
  #counter = 0

  private constructor(
    made: Pick<World, 'parts' | 'provider' | 'agentKey' | 'sam' | 'finn' | 'fay' | 'ada'>,
  ) {
    this.parts = made.parts
    this.provider = made.provider
    this.agentKey = made.agentKey
    this.sam = made.sam
    this.finn = made.finn
    this.fay = made.fay
    this.ada = made.ada
  }

  static async over(storage: Storage): Promise<World> {
    const provider = await fakeProvider()
    try {
      const agentKey = newKey()
      const world = new World({
        ...(await deskOver(storage, provider, agentKey)),
        provider,
        agentKey,
      })
      await world.allow([ALL_OF_ORDERS])
      return world
    } catch (error) {
      await provider.close()
      throw error
    }
  }

  async end(): Promise<void> {
    // The store of a suite may be closed already.
    await this.parts.live.stop().catch(() => {})
    await this.parts.providers.close()
    await this.parts.issuers.close()
    await this.provider.close()
  }

  /** Someone signs in again, now with these groups. */
  signIn(subject: string, ...groupValues: string[]): Promise<Person> {
    this.parts.clock.advance(1)
    return signInPerson(this.parts, {
      issuer: this.provider.issuer,
      subject,
      name: subject,
      email: undefined,
      groupValues,
      issuedAt: this.parts.clock.now(),
    })
  }

  /** Sam consents, to doing it and to handing it on. */
  allow(details: readonly Detail[], agentId = 'refund-bot') {
    return this.consent([...details, ...asDelegates(details)], agentId)
  }

  /** Sam consents to exactly this. */
  consent(details: readonly Detail[], agentId = 'refund-bot') {
    const { id } = this.sam
    return grantBasis(this.parts, {
      personId: id,
      agentId,
      kind: 'consent',
      details,
      grantedBy: id,
    })
  }

  proof(
    key: TestKey,
    about: { method: string; url: string; token?: string },
    over: object = {},
  ): string {
    const { method, token, url } = about
    const ath = token && createHash('sha256').update(token).digest('base64url')
    return jwt(
      key,
      { typ: 'dpop+jwt', jwk: key.jwk },
      {
        jti: `p${this.#counter++}`,
        htm: method,
        htu: url,
        iat: this.#seconds(),
        ...(ath && { ath }),
        ...over,
      },
    )
  }

  assertion(over: object = {}, key = this.agentKey): string {
    const now = this.#seconds()
    const claims = { iss: 'refund-bot', sub: 'refund-bot', aud: ISSUER, iat: now, exp: now + 60 }
    return jwt(key, { typ: 'JWT' }, { ...claims, jti: `a${this.#counter++}`, ...over })
  }

  subjectToken(subject = 'sam', over: object = {}): Promise<string> {
    const now = this.#seconds()
    return this.provider.sign({
      iss: this.provider.issuer,
      sub: subject,
      aud: 'bot-client',
      iat: now,
      exp: now + 300,
      jti: `s${this.#counter++}`,
      groups: ['support'],
      ...over,
    })
  }

  /** Builds the request with which refund-bot opens a task for Sam. */
  async opening(key: TestKey, over: Partial<Opening> = {}): Promise<Opening> {
    return {
      assertion: this.assertion(),
      assertionType: JWT_BEARER,
      proof: this.proof(key, { method: 'POST', url: TOKEN_URL }),
      method: 'POST',
      url: TOKEN_URL,
      subjectToken: await this.subjectToken(),
      subjectTokenType: ID_TOKEN,
      details: [ALL_OF_ORDERS],
      purpose: 'refund order 1042',
      origin: { ip: '192.0.2.7' },
      ...over,
    }
  }

  async open(over: Partial<Opening> = {}): Promise<HeldTask> {
    const key = newKey()
    const opened = await openTask(this.parts, 'token_exchange', await this.opening(key, over))
    if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
    return { opened, key }
  }

  exchange(held: HeldTask, over: Partial<ResourceTokenRequest> = {}): ResourceTokenRequest {
    return {
      token: held.opened.token.token,
      clientId: held.opened.task.id,
      proof: this.proof(held.key, { method: 'POST', url: TOKEN_URL }),
      method: 'POST',
      url: TOKEN_URL,
      resource: ORDERS,
      origin: { ip: '192.0.2.7' },
      ...over,
    }
  }

  async token(held: HeldTask): Promise<string> {
    const issued = await issueResourceToken(this.parts, this.exchange(held))
    if (issued.outcome !== 'issued') throw new Error(JSON.stringify(issued))
    return issued.token.token
  }

  /** A call as the gateway would read it, with a proof of its own. */
  async call(
    held: HeldTask,
    token: string,
    { body: text, headers = [], method = 'GET', path, query = [] }: Wish,
    over: Partial<Call> = {},
  ): Promise<Call> {
    const catalog = await this.parts.catalog.current()
    const resource = catalog.resources.get('orders')
    const match = matchAction(catalog.actionsOf('orders'), method, path.slice(1).split('/'))
    if (!resource || !match) throw new Error('no such action')
    const body = text === undefined ? undefined : parseJson(text)
    const url = `${ORDERS}${path}`
    return {
      token,
      scheme: 'DPoP',
      proof: this.proof(held.key, { method, url, token }),
      method,
      url,
      resource,
      action: match.action,
      arguments: typedArgumentsOf(match.action, { path: match.path, query, body }),
      sent: { method, path, query, headers, body },
      origin: { ip: '192.0.2.7' },
      doable: [],
      ...over,
    }
  }

  async decide(
    held: HeldTask,
    token: string,
    wish: Wish,
    over: Partial<Call> = {},
  ): Promise<Verdict> {
    return decideCall(this.parts, await this.call(held, token, wish, over))
  }

  async answer(id: string, person: Person, answer: 'approve' | 'deny'): Promise<AccessRequest> {
    const request = await findRequest(this.parts, id)
    if (!request) throw new Error('no such request')
    const shown = shownDigest(request)
    return answerRequest(this.parts, { requestId: id, person, answer, shown, authTime: 0 })
  }

  /** Asks for a refund that needs people, and lets Finn approve it. */
  async approved(held: HeldTask, token: string, wish: Wish): Promise<AccessRequest> {
    const verdict = await this.decide(held, token, wish)
    if (verdict.outcome !== 'requestable') throw new Error(JSON.stringify(verdict))
    return this.answer(verdict.request.id, this.finn, 'approve')
  }

  #seconds(): number {
    return Math.floor(this.parts.clock.now() / 1000)
  }
}

function typedArgumentsOf(
  action: Action,
  given: {
    path: ReadonlyMap<string, string>
    query: readonly (readonly [string, string])[]
    body: Json | undefined
  },
) {
  const typed = typeArguments(action, given)
  if (!typed.ok) throw new Error(typed.detail)
  return typed.arguments
}
