import { basesOfPerson, pendingConsents } from '../../src/tasks/consent/index.ts'
import { endBasis } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, type TestAgent } from '../agent.ts'
import { newKey, type TestKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import type { PersonName, World } from '../world.ts'
import type { Ways } from './desk.ts'
import type { PreparedWay, Way } from './ways.ts'

const SCOPE = 'echo.list'

/** A form of refund-bot to one of the endpoints that begin by themselves. */
async function post(w: World, path: string, form: Record<string, string>): Promise<Answer> {
  const own = {
    client_assertion_type: JWT_BEARER,
    client_assertion: await w.agent.assertion(),
    purpose: 'look at things',
  }
  return send(w.issuer + path, {
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded']],
    body: String(new URLSearchParams({ ...own, ...form })),
  })
}

/** The person says yes to what waits for them. */
async function allow(w: World, name: PersonName): Promise<void> {
  const { id } = await w.person(name)
  const [asked] = await pendingConsents(w.rooms.storage.read, id, w.clock.now())
  const browser = await w.browser(name)
  await browser.allow(await browser.get(`${w.issuer}/consent/${asked?.id}`))
}

/** The yes is there; all that is left is to fetch what comes of it. */
function fetching(
  { alone: other, world: w }: Ways,
  key: TestKey,
  grant_type: string,
  code: Record<string, unknown>,
): PreparedWay {
  const [[name, value] = ['', '']] = Object.entries(code)
  const fetch = async (by: TestAgent) => {
    const { status, text } = await by.tokenRequest(key, {
      grant_type,
      [name]: String(value),
      client_assertion_type: JWT_BEARER,
      client_assertion: await by.assertion(),
    })
    return { through: status === 200, seen: `${status} ${text.slice(0, 600)}` }
  }
  return { shows: String(value), take: () => fetch(w.agent), stolen: () => fetch(other) }
}

/** O15: each protocol by which an agent waits for somebody, after the yes and before the task. */
export const ANSWERED_WAYS: readonly Way[] = [
  {
    name: 'an answer is fetched that the agent asked for itself',
    opens: { person: 'sam', agent: 'refund-bot' },
    serves: 'once',
    grant: 'urn:openid:params:grant-type:ciba',
    standsOn: ['sam', 'refund-bot', 'consent', 'keys of agents', 'issuing rules'],
    prepare: async (ways) => {
      const { world } = ways
      const { id } = await world.person('sam')
      // With an age of the sign-in, the person is asked whatever they allowed before.
      const form = {
        ...{ scope: `openid ${SCOPE}`, login_hint: id, binding_message: 'look' },
        max_age: '86400',
      }
      const { body } = await post(world, '/oauth/bc-authorize', form)
      await allow(world, 'sam')
      const { auth_req_id } = body
      return fetching(ways, await newKey(), 'urn:openid:params:grant-type:ciba', { auth_req_id })
    },
  },
  {
    name: 'an answer is fetched that an opening was deferred for',
    opens: { person: 'fiona', agent: 'refund-bot', askedOnlyWithout: 'an administrator' },
    serves: 'once',
    grant: 'urn:ietf:params:oauth:grant-type:deferred',
    standsOn: ['fiona', 'refund-bot', 'keys of agents', 'issuing rules'],
    prepare: async (ways) => {
      const { world } = ways
      const { id } = await world.person('fiona')
      for (const basis of await basesOfPerson(world.rooms.storage.read, id, world.clock.now()))
        if (basis.agentId === 'refund-bot' && basis.kind === 'consent')
          await endBasis(world.rooms.decisions, { basisId: basis.id, by: id })
      const key = await newKey()
      const subjectToken = await world.idToken('fiona')
      const { body } = await world.agent.ask(
        { subjectToken, scope: SCOPE, key },
        { form: { completion_mode: 'deferred' } },
      )
      await allow(world, 'fiona')
      const { deferral_code } = body
      const grant = 'urn:ietf:params:oauth:grant-type:deferred'
      return fetching(ways, key, grant, { deferral_code })
    },
  },
  {
    name: 'an answer is fetched that somebody gave to a device',
    opens: { person: 'fiona', agent: 'refund-bot' },
    serves: 'once',
    grant: 'urn:ietf:params:oauth:grant-type:device_code',
    standsOn: ['fiona', 'refund-bot', 'keys of agents', 'issuing rules'],
    prepare: async (ways) => {
      const { world } = ways
      const { body } = await post(world, '/oauth/device_authorization', { scope: SCOPE })
      const fiona = await world.browser('fiona')
      const page = await fiona.get(`${world.issuer}/device`)
      const asked = await fiona.submit(page, /^Go on/, { code: String(body.user_code) })
      await fiona.allow(asked)
      const grant = 'urn:ietf:params:oauth:grant-type:device_code'
      return fetching(ways, await newKey(), grant, { device_code: body.device_code })
    },
  },
]
