import type { TestContext } from 'node:test'
import { decideCall } from '../../../calls/calls/decide-call.ts'
import {
  type HeldTask,
  newKey,
  ORDERS,
  READ,
  type TestKey,
  TOKEN_URL,
  type Wish,
  type worldsOver,
} from '../../../calls/calls/testing.ts'
import { type FakeProvider, fakeProvider } from '../../../identity/identity-providers/testing.ts'
import { addIssuer, setIssuerTerms } from '../../../identity/issuers/index.ts'
import type { IssuerDescription } from '../../../identity/issuers/read-issuer.ts'
import { importPublicJwk } from '../../../platform/jose/index.ts'
import { listTasks } from '../../../tasks/tasks/index.ts'
import type { AssertedOpening, OpeningAnswer } from '../opening.ts'
import { openTask } from '../openings/open-task.ts'
import { addAgent, permitAll } from '../openings/testing.ts'

type OpenWorld = Awaited<ReturnType<ReturnType<typeof worldsOver>['own']>>

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Another organization, acme, whose assertions open tasks of an agent called desk. */
export async function assertedWorld(
  t: TestContext,
  world: OpenWorld,
  over: Partial<IssuerDescription> = {},
) {
  const acme = await fakeProvider()
  t.after(() => acme.close())
  const parts = { ...world.parts, loopback: true }
  const people = { provider: world.provider.issuer, delegates: true, ...Object(over.people) }
  const desk = await addAgent(world, 'desk')
  await permitAll(world, world.sam, world.ada)
  await addIssuer(parts, {
    name: 'acme',
    issuer: acme.issuer,
    uses: ['id_jag'],
    trust: 2,
    ceiling: null,
    ownerId: world.ada.id,
    by: world.ada.id,
    ...over,
    people,
  })
  let count = 0
  const jag = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    signer: FakeProvider = acme,
  ) => {
    const now = Math.floor(parts.clock.now() / 1000)
    return signer.sign(
      {
        ...{ iss: acme.issuer, sub: 'sam', aud: parts.issuer, client_id: 'desk' },
        ...{ iat: now, exp: now + 300, jti: `j${count++}`, scope: 'orders.read orders.list' },
        ...claims,
      },
      { typ: 'oauth-id-jag+jwt', ...header },
    )
  }
  const opening = async (
    more: Partial<AssertedOpening> = {},
    key: TestKey = newKey(),
    agent = desk,
  ): Promise<AssertedOpening> => ({
    assertion: world.assertion({ iss: agent.id, sub: agent.id }, agent.key),
    assertionType: JWT_BEARER,
    proof: world.proof(key, { method: 'POST', url: TOKEN_URL }),
    method: 'POST',
    url: TOKEN_URL,
    origin: { ip: '192.0.2.7' },
    use: 'id_jag',
    identity: more.identity ?? (await jag()),
    ...more,
  })
  const reason = async (more: Partial<AssertedOpening>, agent = desk) =>
    outcomeOf(await openTask(parts, 'assertion', await opening(more, newKey(), agent)))
  const held = async (more: Partial<AssertedOpening> = {}): Promise<HeldTask> => {
    const key = newKey()
    const opened = await openTask(parts, 'assertion', await opening(more, key))
    if (opened.outcome !== 'opened') throw new Error(JSON.stringify(opened))
    return { opened, key }
  }
  return { world, parts, acme, desk, jag, opening, reason, held }
}

export function outcomeOf(answer: OpeningAnswer): string {
  return answer.outcome === 'refused' ? answer.reason : answer.outcome
}

const by = 'operator'

/** A server of others whose access tokens count, and a client of it that is refund-bot. */
export async function tokenWorld(
  t: TestContext,
  world: OpenWorld,
  over: Partial<IssuerDescription> = {},
) {
  const server = await fakeProvider()
  t.after(() => server.close())
  const parts = { ...world.parts, loopback: true }
  const terms = (more: Partial<IssuerDescription> = {}) => ({
    uses: ['access_token'],
    access: { provider: world.provider.issuer },
    trust: 3,
    ceiling: null,
    ownerId: world.ada.id,
    rules: [
      { name: 'bot', when: [{ claim: 'client_id', equals: 'bot-client' }], agent: 'refund-bot' },
    ],
    ...over,
    ...more,
  })
  await addIssuer(parts, { ...terms(), name: 'house', issuer: server.issuer, by })
  let count = 0
  const key = newKey()
  const claims = (more: Record<string, unknown> = {}) => {
    const now = Math.floor(parts.clock.now() / 1000)
    return {
      ...{ iss: server.issuer, aud: ORDERS, sub: 'sam', client_id: 'bot-client' },
      ...{ iat: now, exp: now + 600, jti: `f${count++}`, scope: 'orders.read orders.refund' },
      cnf: { jkt: importPublicJwk(key.jwk).thumbprint },
      ...more,
    }
  }
  const token = (more: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
    server.sign(claims(more), { typ: 'at+jwt', ...header })
  // A call needs a task's holder only for its key.
  const held = { key } as unknown as HeldTask // the rest of it is of tokens that we issued
  const decide = (shown: string, wish: Wish = READ, as: object = {}, by_: TestKey = key) =>
    world.call({ ...held, key: by_ }, shown, wish, as).then((call) => decideCall(parts, call))
  const reason = async (shown: string, wish: Wish = READ, as: object = {}, by_: TestKey = key) => {
    const verdict = await decide(shown, wish, as, by_)
    return verdict.outcome === 'deny' ? verdict.reason : verdict.outcome
  }
  const bearer = (shown: string, wish: Wish = READ) =>
    reason(shown, wish, { scheme: 'Bearer', proof: undefined })
  const tasks = () => listTasks(parts.storage.read, { limit: 50 })
  const change = { name: 'house', by, reason: 'test' }
  const set = (more: Partial<IssuerDescription>) =>
    setIssuerTerms(parts, { name: 'house', terms: terms(more), by })
  return { world, parts, server, key, claims, token, decide, reason, bearer, tasks, change, set }
}
