import { JWT_BEARER, postForm, TOKEN_EXCHANGE } from '../agent.ts'
import { newKey } from '../signing.ts'
import { ANSWERED_WAYS } from './answered-ways.ts'
import { PARTNER_WAYS } from './partner-ways.ts'
import { WORKLOAD } from './platform.ts'
import { DIRECT_WAYS, type Way } from './ways.ts'

const TXN = 'urn:ietf:params:oauth:token-type:txn_token'
const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const seenOf = ({ status, text }: { status: number; text: string }) => ({
  through: status === 200,
  seen: `${status} ${text}`,
})

/** Ways of others who come to the token endpoint: platforms, and services that were called. */
const OF_OTHERS: readonly Way[] = [
  {
    name: 'a workload opens a task with a token of its platform',
    opens: { person: 'fiona', agent: WORKLOAD },
    grant: 'workload',
    standsOn: ['fiona', 'workload', 'issuer', 'issuing rules'],
    prepare: async ({ platform, world }) => {
      const assertion = await platform.token()
      const show = async (token: string) =>
        world.agent.tokenRequest(await newKey(), { grant_type: ASSERTION_GRANT, assertion: token })
      // It is there when it first came.
      await show(await platform.token())
      return {
        agents: [WORKLOAD],
        take: async () => seenOf(await show(assertion)),
        // Who authenticates as somebody else beside it.
        stolen: async () => {
          const own = {
            client_assertion_type: JWT_BEARER,
            client_assertion: await world.agent.assertion(),
          }
          const form = { grant_type: ASSERTION_GRANT, assertion, ...own }
          return seenOf(await world.agent.tokenRequest(await newKey(), form))
        },
      }
    },
  },
  {
    name: 'a service replaces the transaction token that it was called with',
    grant: TOKEN_EXCHANGE,
    standsOn: [
      'sam',
      'refund-bot',
      'task',
      'consent',
      'resource',
      'trusted service',
      'signing key',
    ],
    prepare: async ({ everything, secret, service, world }) => {
      const { agent, echo } = world
      const task = await world.open({ details: everything })
      const { status, text } = await agent.call(task, 'GET', '/echo/things')
      if (status !== 200) throw new Error(text)
      const form = {
        grant_type: TOKEN_EXCHANGE,
        requested_token_type: TXN,
        subject_token: String(echo.reached.at(-1)?.headers['txn-token']),
        subject_token_type: TXN,
        audience: 'test.remit',
        scope: 'echo.list',
      }
      const ask = async (by: string) =>
        seenOf(
          await postForm(`${world.issuer}/oauth/token`, form, [['Authorization', `Bearer ${by}`]]),
        )
      return { tasks: [task.id], take: () => ask(service), stolen: () => ask(secret) }
    },
  },
]

/** Every way in which power is taken up or used. One that is added to Remit is added to one of these. */
export const WAYS: readonly Way[] = [
  ...DIRECT_WAYS,
  ...ANSWERED_WAYS,
  ...OF_OTHERS,
  ...PARTNER_WAYS,
]
