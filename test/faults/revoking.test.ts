/** C6: while calls hold every connection there is for them, whatever takes power away is done all the same. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { registerProvider } from '../../src/identity/identity-providers/index.ts'
import { type FakeProvider, fakeProvider } from '../../src/identity/identity-providers/testing.ts'
import {
  answerConfirmation,
  askConfirmation,
  openSession,
  useConfirmation,
} from '../../src/identity/sessions/index.ts'
import { Secret } from '../../src/platform/lib/secret.ts'
import { RECORDS } from '../conformance/authzen/records.ts'
import { assertRequestable } from '../refusals.ts'
import { send } from '../wire.ts'
import { type Api, World } from '../world.ts'

const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'
/** Connections for writing. */
const CONNECTIONS = 10

interface ActWorld {
  readonly w: World
  readonly ada: Api
  readonly provider: FakeProvider
}

/** Prepares what has to exist before; answers the act. */
type Prepare = (around: ActWorld) => Promise<() => Promise<{ status: number; text: string }>>

/**
 * Builds the act of an administrator over the API. `before`: `[method, path, body]` of what has to
 * exist.
 */
function act(
  method: string,
  path: string | ((made: Record<string, unknown>) => string),
  given: {
    readonly body?: unknown
    readonly before?: readonly [string, string, unknown?]
  } = {},
): Prepare {
  return async ({ ada }) => {
    const made = given.before ? await ada.send(...given.before) : undefined
    assert.ok((made?.status ?? 200) < 300, made?.text)
    const at = typeof path === 'string' ? path : path(made?.body ?? {})
    return () => ada.send(method, at, given.body)
  }
}

const MAPPING = { value: 'desk', group: 'support' }
const LIMIT = { limit: 'calls', max: 100, seconds: 60 }
const ISSUER = {
  ...{ name: 'cluster', issuer: 'https://oidc.example.com/cluster', uses: ['workload'], trust: 3 },
  ceiling: [],
  rules: [{ name: 'all', when: [{ claim: '/sub', equals: 'bot' }], agent: 'refund-bot' }],
}
const agent = (name: string) =>
  ['POST', '/agents', { name, description: 'spare', trust: 0, ceiling: [] }] as const

async function sponsored({ w, ada }: ActWorld) {
  const details = w.everything.slice(0, 1)
  const given = {
    ...{ agent: 'refund-bot', purpose: 'nightly', details },
    rate: { tasks: 1, seconds: 86_400 },
    expires_at: new Date(w.clock.now() + 86_400_000).toISOString(),
  }
  return ada.send('POST', '/sponsor-grants', given)
}

const ACTS: Readonly<Record<string, Prepare>> = {
  'suspending an agent': act('POST', '/agents/first-bot/suspend', {
    before: agent('first-bot'),
    body: {},
  }),
  'retiring an agent': act('POST', '/agents/spare-bot/retire', {
    before: agent('spare-bot'),
    body: {},
  }),
  'lowering the limits of an agent': act('PUT', '/agents/third-bot/limits', {
    before: agent('third-bot'),
    body: { ceiling: [] },
  }),
  'suspending a person': async ({ ada, w }) => {
    const { id } = await w.person('nils')
    return () => ada.send('POST', `/people/${id}/suspend`, {})
  },
  'taking a person out of a group': async ({ ada, w }) => {
    const { id } = await w.person('nils')
    const path = `/groups/support/members/${id}`
    assert.equal((await ada.send('PUT', path)).status, 200)
    return () => ada.send('DELETE', path)
  },
  'ending a mapping of a group': async ({ ada, w }) => {
    const body = { ...MAPPING, issuer: w.provider }
    assert.equal((await ada.send('POST', '/group-mappings', body)).status, 200)
    return () => ada.send('DELETE', '/group-mappings', body)
  },
  'suspending an issuer of others': act('POST', '/issuers/cluster/suspend', {
    before: ['POST', '/issuers', ISSUER],
    body: {},
  }),
  'suspending a resource': act('POST', '/resources/desk/suspend', { body: {} }),
  'suspending a space': act('POST', '/spaces/desk/suspend', {
    before: ['POST', '/spaces', { name: 'desk', kind: 'workspace', parent: 'chat' }],
    body: {},
  }),
  'closing a task': async ({ ada, w }) => {
    const { id } = await w.open()
    return () => ada.send('POST', `/tasks/${id}/close`, {})
  },
  'suspending a task': async ({ ada, w }) => {
    const { id } = await w.open()
    return () => ada.send('POST', `/tasks/${id}/suspend`, {})
  },
  'ending a basis': async ({ ada, w }) => {
    const { id: person } = await w.person('sam')
    const given = { agent: 'refund-bot', person, details: w.everything }
    const { body, status, text } = await ada.send('POST', '/bases', given)
    assert.equal(status, 200, text)
    return () => ada.send('POST', `/bases/${body.id}/end`, {})
  },
  'ending a sponsor grant': async (around) => {
    const { body, status, text } = await sponsored(around)
    assert.equal(status, 200, text)
    return () => around.ada.send('POST', `/sponsor-grants/${body.id}/end`, {})
  },
  'ending an allowance': async ({ w }) => {
    const asked = assertRequestable(await w.agent.call(await w.open(), 'DELETE', '/echo/things/s1'))
    const fiona = await w.browser('fiona')
    const spelled = await fiona.submit(await fiona.get(asked.page), /^Look at it first/, {
      uses: '3',
    })
    assert.equal((await fiona.submit(spelled, /^Approve/)).status, 200)
    const sam = await w.api('sam')
    const { body } = await sam.send('GET', '/allowances')
    const [allowance] = body.allowances as readonly { id: string }[] // as the API says
    return () => sam.send('DELETE', `/allowances/${allowance?.id}`)
  },
  'removing an enforcer': act('DELETE', '/clients/asker', {
    before: [
      'POST',
      '/clients',
      { id: 'asker', kind: 'enforcer', settings: { resource: 'orders' } },
    ],
  }),
  'removing a surface': act('DELETE', '/clients/adapter', {
    before: ['POST', '/clients', { id: 'adapter', kind: 'surface', settings: { space: 'chat' } }],
  }),
  'removing an enforcement point': act('DELETE', '/clients/proxy', {
    before: ['POST', '/clients', { id: 'proxy', kind: 'pep' }],
  }),
  'removing a source of signals': act('DELETE', '/clients/scanner', {
    before: ['POST', '/clients', { id: 'scanner', kind: 'signal-source' }],
  }),
  'removing a credential': act('DELETE', '/connections/old', {
    before: ['POST', '/connections', { name: 'old', kind: 'bearer', secret: 's3cret' }],
  }),
  'removing a rule of admission': act('DELETE', '/admission-rules/all', {
    before: [
      'POST',
      '/admission-rules',
      { name: 'all', redirect_hosts: ['localhost'], trust: 0, ceiling: [] },
    ],
  }),
  'raising a signal': async ({ ada, w }) => {
    const expires_at = new Date(w.clock.now() + 60_000).toISOString()
    const subject = { kind: 'agent', id: 'refund-bot' }
    const signal = { subject, signal: 'leaked-key', level: 'high', expires_at }
    return () => ada.send('POST', '/risk-signals', signal)
  },
  'setting a limit': act('PUT', '/limits', {
    body: { subject: { kind: 'organization' }, limit: LIMIT },
  }),
  'asking a decision point about calls': act('POST', '/decision-points', {
    body: { name: 'opa', url: 'http://127.0.0.1:9/access/v1/evaluation' },
  }),
  'publishing policies': async ({ ada }) => {
    const { body } = await ada.send('GET', '/policies/active')
    return () => ada.send('POST', '/policies', { text: body.text })
  },
  'publishing a policy-only set': act('PUT', '/policy-sets/records', { body: { ...RECORDS } }),
  'what somebody does who was away for longer than a minute': async ({ ada, w }) => {
    w.clock.advance(90_000)
    await w.rooms.live.renew()
    return () => ada.send('POST', '/agents/first-bot/suspend', {})
  },
  'a confirmation, asked for, given on a page and used': async ({ w }) => {
    const { people } = w.rooms
    const { id: personId } = await w.person('ada')
    const { session } = await openSession(people, {
      ...{ personId, kind: 'browser', authTime: w.clock.now() },
    })
    const asked = { personId, operation: 'policies.publish', payloadOf: () => ({ text: 'x' }) }
    return async () => {
      const { id } = await askConfirmation(people, asked)
      await answerConfirmation(people, { id, session, answer: 'confirmed' })
      await useConfirmation(people, { ...asked, id })
      return { status: 200, text: '' }
    }
  },
  'signing out on a page': async ({ w }) => {
    const browser = await w.browser('sam')
    const page = await browser.get(`${w.issuer}/`)
    w.forgetBrowsers()
    return () => browser.submit(page, /^Sign out/)
  },
  'signing out on the command line': async ({ w }) => {
    const sam = await w.api('sam')
    return () => sam.send('DELETE', '/session')
  },
  'signing out at the identity provider': async ({ provider, w }) => {
    const iat = Math.floor(w.clock.now() / 1000)
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const claims = { iss: provider.issuer, aud: 'remit', sub: 'sam', iat, exp: iat + 120, events }
    const logout_token = await provider.sign({ ...claims, jti: randomUUID() })
    return () =>
      send(`${w.issuer}/oauth/backchannel-logout`, {
        method: 'POST',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: new URLSearchParams({ logout_token }).toString(),
      })
  },
}

describe('C6: while calls hold every connection', { skip }, () => {
  let around: ActWorld
  before(async () => {
    const w = await World.start('postgres')
    await Promise.all([w.browser('sam'), w.browser('fiona')]) // while there is one provider to choose
    const provider = await fakeProvider()
    w.onStop(provider.close)
    await registerProvider(w.rooms.people, {
      ...{ issuer: provider.issuer, name: 'Other', clientId: 'remit', allowLoopback: true },
      ...{ clientSecret: new Secret(provider.secret), by: 'operator' },
    })
    const ada = await w.api('ada')
    await ada.send('POST', '/spaces', { name: 'chat', kind: 'organization' })
    around = { w, ada, provider }
  })
  after(() => around?.w.stop())

  /** Holds every connection with a call; answers how to let them go. */
  async function hold({ rooms: { storage } }: World): Promise<() => Promise<void>> {
    const done = Promise.withResolvers<void>()
    const begun: Promise<void>[] = []
    const calls = Array.from({ length: CONNECTIONS }, () => {
      const holds = Promise.withResolvers<void>()
      begun.push(holds.promise)
      return storage.transaction(async (tx) => {
        await tx.selectFrom('meta').selectAll().execute()
        holds.resolve()
        await done.promise
      })
    })
    await Promise.all(begun)
    return async () => {
      done.resolve()
      await Promise.all(calls)
    }
  }

  for (const [name, prepare] of Object.entries(ACTS))
    it(`${name} is done`, async () => {
      const { w } = around
      const run = await prepare(around)
      const release = await hold(w)
      const answer = await run().finally(release)
      assert.ok(answer.status < 300, answer.text)
    })
})
