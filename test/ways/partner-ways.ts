import { listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER, type OpenTask, postForm, type TestAgent } from '../agent.ts'
import { newKey, type TestKey } from '../signing.ts'
import type { Ways } from './desk.ts'
import { MAILER } from './partner.ts'
import type { Way } from './ways.ts'

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const seenOf = ({ status, text }: { status: number; text: string }) => ({
  through: status === 200,
  seen: `${status} ${text.slice(0, 600)}`,
})

async function redeem(agent: TestAgent, assertion: string) {
  const own = { client_assertion_type: JWT_BEARER, client_assertion: await agent.assertion() }
  const form = { grant_type: ASSERTION_GRANT, assertion, ...own }
  return seenOf(await agent.tokenRequest(await newKey(), form))
}

function redeeming(name: string, grant: 'id_jag' | 'chaining', typ: 'oauth-id-jag+jwt' | 'JWT') {
  return {
    ...{ name, grant, serves: 'once' },
    opens: { person: 'sam', agent: 'refund-bot' },
    standsOn: ['sam', 'refund-bot', 'keys of agents', 'issuer', 'issuing rules'],
    prepare: async ({ helper, partner, world }) => {
      const assertion = await partner.assertion(typ)
      return {
        shows: assertion,
        take: () => redeem(world.agent, assertion),
        stolen: () => redeem(helper, assertion),
      }
    },
  } satisfies Way
}

/** Prepares an opening for Sam, as a public client. */
async function mail({ partner, world }: Ways) {
  const said = { client_id: MAILER, act: undefined, resource: `${world.gateway}/desk` }
  const assertion = await partner.assertion('oauth-id-jag+jwt', {
    ...said,
    scope: 'desk.search-notes',
  })
  const form = { grant_type: ASSERTION_GRANT, client_id: MAILER, assertion }
  return { assertion, take: async () => postForm(`${world.issuer}/oauth/token`, form, []) }
}

/** Prepares an opening for Sam, by refund-bot with a key that it goes on with. */
async function goOn({ partner, world }: Ways, key: TestKey) {
  const assertion = await partner.assertion('oauth-id-jag+jwt', {
    resource: `${world.gateway}/echo`,
  })
  const take = async () => {
    const client_assertion = await world.agent.assertion()
    const own = { client_assertion_type: JWT_BEARER, client_assertion }
    return world.agent.tokenRequest(key, { grant_type: ASSERTION_GRANT, assertion, ...own })
  }
  return { assertion, take }
}

/** A token of the partner's server, and how it is shown at the gateway. */
async function shown({ partner, world }: Ways) {
  const key = await newKey()
  const token = await partner.accessToken(key.thumbprint)
  const task: OpenTask = { id: '', token, key }
  const call = async () => seenOf(await world.agent.call(task, 'GET', '/echo/things', { token }))
  return { call, token }
}

/**
 * Ways by the word of another organization: its assertions, and the access tokens of its server.
 */
export const PARTNER_WAYS: readonly Way[] = [
  redeeming('an assertion of another organization opens a task', 'id_jag', 'oauth-id-jag+jwt'),
  redeeming('a grant of another domain opens a task', 'chaining', 'JWT'),
  {
    name: 'a client that proves nothing shows an assertion',
    opens: { person: 'sam', agent: MAILER },
    ...{ grant: 'id_jag', serves: 'once' },
    standsOn: ['sam', MAILER, 'issuer', 'issuing rules', 'resource'],
    prepare: async (ways) => {
      const { assertion, take } = await mail(ways)
      return {
        shows: assertion,
        take: async () => seenOf(await take()),
        stolen: () => redeem(ways.helper, assertion),
      }
    },
  },
  {
    name: 'the next assertion goes on with the task of the one before',
    ...{ grant: 'id_jag', serves: 'once' },
    standsOn: [
      ...(['sam', 'refund-bot', 'keys of agents', 'issuer', 'issuing rules'] as const),
      ...(['resource', 'task', 'consent'] as const),
    ],
    prepare: async (ways) => {
      const key = await newKey()
      const first = await (await goOn(ways, key)).take()
      if (first.status !== 200) throw new Error(first.text)
      const { assertion, take } = await goOn(ways, key)
      return {
        shows: assertion,
        tasks: [String(first.body.task_id)],
        take: async () => {
          const answer = await take()
          const same = answer.body.task_id === first.body.task_id
          return { ...seenOf(answer), through: answer.status === 200 && same }
        },
        stolen: () => redeem(ways.helper, assertion),
      }
    },
  },
  {
    name: 'an access token of another server opens a task with its first call',
    opens: { person: 'sam', agent: 'refund-bot' },
    standsOn: ['sam', 'refund-bot', 'issuer', 'resource', 'rules'],
    prepare: async (ways) => {
      const { call, token } = await shown(ways)
      return { shows: token, take: call }
    },
  },
  {
    name: 'an access token of another server calls again',
    standsOn: ['sam', 'refund-bot', 'issuer', 'resource', 'rules', 'task'],
    prepare: async (ways) => {
      const { call, token } = await shown(ways)
      const first = await call()
      if (!first.through) throw new Error(first.seen)
      const of = { agentId: 'refund-bot', limit: 1 }
      const [task] = await listTasks(ways.world.rooms.storage.read, of)
      if (task?.openedBy !== 'token') throw new Error('the token opened no task')
      return { shows: token, tasks: [task.id], take: call }
    },
  },
]
