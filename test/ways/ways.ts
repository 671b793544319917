import { listTasks } from '../../src/tasks/tasks/index.ts'
import { ask, MESSAGE, VERSION } from '../a2a/scripted.ts'
import { JWT_BEARER, type OpenTask, TOKEN_EXCHANGE } from '../agent.ts'
import { ALICE, RECORD_1 } from '../conformance/authzen/pdp.ts'
import { askInProcess } from '../gateways/in-process.ts'
import { Place, rpcOf } from '../mcp/place.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { assertRequestable } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { calls, DIRECT, type Ways } from './desk.ts'

/** Footing that a way stands on. When it goes, whoever takes the way is refused. */
export type Footing =
  | 'sam'
  | 'fiona'
  | 'refund-bot'
  | 'helper-bot'
  | 'night-bot'
  | 'mailer'
  | 'stranger'
  | 'task'
  | 'consent'
  | 'sponsor grant'
  | 'resource'
  | 'rules'
  | 'issuing rules'
  | 'signing key'
  | 'enforcement point'
  | 'policy-only set'
  | 'space'
  | 'surface'
  | 'thread'
  | 'workload'
  | 'issuer'
  | 'client link'
  | 'keys of agents'
  | 'trusted service'
  | 'registration'

/** A way made ready while all was well. */
export interface PreparedWay {
  /** Answers whether it got through, and what was answered. */
  readonly take: () => Promise<{ readonly through: boolean; readonly seen: string }>
  readonly tasks?: readonly string[]
  /** Agents of clients that registered themselves. */
  readonly agents?: readonly string[]
  /** They take their registration back. */
  readonly leave?: readonly (() => Promise<void>)[]
  /** Artefact that it shows when it is taken. */
  readonly shows?: string
  /** Somebody else, who authenticates well as who they are, shows what was made ready. */
  readonly stolen?: () => Promise<{ readonly through: boolean; readonly seen: string }>
}

export interface Way {
  readonly name: string
  readonly standsOn: readonly Footing[]
  /**
   * Grant that takes it at the token endpoint: the grant type, or the name of the kind of
   * assertion.
   */
  readonly grant?: string
  /**
   * Task that begins with it: for whom. By which agent: this one, or the one that was made ready.
   */
  readonly opens?: {
    readonly person: 'sam' | 'fiona'
    readonly agent?: string
    /**
     * Mark of a way by which nobody is asked where administrators have said already what the agent
     * may do: it has its task at once.
     */
    readonly askedOnlyWithout?: 'an administrator'
  }
  /** Uses of what is shown: it serves once, or at most once where a second use ends it. */
  readonly serves?: 'once' | 'at most once'
  readonly prepare: (ways: Ways) => Promise<PreparedWay>
}

const FOR_SAM = ['sam', 'refund-bot', 'task', 'consent', 'signing key'] as const
const CALLS_FOR_SAM = [...FOR_SAM, 'resource', 'rules'] as const
/** Footings of ways that are believed about who calls: no token is looked at. */
const BY_NAME = ['sam', 'refund-bot', 'task', 'consent', 'resource', 'rules'] as const
const IN_SPACE = ['space', 'surface', 'thread'] as const
const TICKET_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const status = (wanted: number, answer: { status: number; text: string }) => ({
  through: answer.status === wanted,
  seen: `${answer.status} ${answer.text.slice(0, 600)}`,
})

const openForSam = ({ everything, world }: Ways) => world.open({ details: everything })

async function ticketOf(ways: Ways, parent: OpenTask) {
  const body = {
    agent: ways.helper.id,
    purpose: 'help',
    authorization_details: [calls(`${ways.world.gateway}/echo`, ['echo.list'])],
  }
  return ways.world.agent.about(parent, 'POST', '/children', { body: JSON.stringify(body) })
}

async function redeem({ helper }: Ways, ticket: unknown, by = helper) {
  const key = await newKey()
  const form = {
    grant_type: TICKET_GRANT,
    client_assertion_type: JWT_BEARER,
    client_assertion: await by.assertion(),
    assertion: String(ticket),
  }
  return { key, answer: await by.tokenRequest(key, form) }
}

async function openAlone({ alone, sponsorGrant }: Ways, by = alone) {
  const key = await newKey()
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: JWT_BEARER,
    client_assertion: await by.assertion(),
    sponsor_grant: sponsorGrant,
  }
  return { key, answer: await by.tokenRequest(key, form) }
}

/** A task of refund-bot for Sam in a conversation. */
async function openInSpace({ everything, space, world }: Ways, thread: string) {
  const key = await newKey()
  const wish = { details: everything, subjectToken: await world.idToken(), key }
  return { key, answer: await world.agent.ask(wish, { form: { space, thread } }) }
}

async function inSpace(ways: Ways): Promise<OpenTask> {
  const opened = await openInSpace(ways, await ways.thread())
  if (opened.answer.status !== 200) throw new Error(opened.answer.text)
  return taskOf(opened)
}

/** Question of an enforcement point about the call that `callReady` makes. */
async function questionAbout({ world }: Ways, task: OpenTask, shown: object) {
  const { id } = await world.person('sam')
  return {
    subject: { type: 'user', id },
    action: { name: 'echo.list' },
    resource: { type: 'resource', id: 'echo' },
    context: { task: task.id, ...shown },
  }
}

const decision = ({ body, text }: Answer) => ({ through: body.decision === true, seen: text })

const taskOf = (opened: Awaited<ReturnType<typeof openAlone>>): OpenTask => ({
  id: String(opened.answer.body.task_id),
  token: String(opened.answer.body.access_token),
  key: opened.key,
})

/** One call, with a token that was issued while all was well. */
async function callReady(ways: Ways, task: OpenTask, by = ways.world.agent): Promise<PreparedWay> {
  const token = await by.token(task, `${ways.world.gateway}/echo`)
  return {
    tasks: [task.id],
    take: async () => status(200, await by.call(task, 'GET', '/echo/things', { token })),
  }
}

/** A task of refund-bot for Sam whose call Fiona answered on her page, once or for longer. */
async function answered(ways: Ways, answer: (page: string) => Promise<void>): Promise<PreparedWay> {
  const { world } = ways
  const task = await openForSam(ways)
  const path = `/echo/things/${task.id.slice(4, 12).toLowerCase()}`
  const asked = assertRequestable(await world.agent.call(task, 'DELETE', path))
  await answer(asked.page)
  const token = await world.agent.token(task, `${world.gateway}/echo`)
  return {
    tasks: [task.id],
    take: async () => status(200, await world.agent.call(task, 'DELETE', path, { token })),
  }
}

const seenOf = ({ body, status }: { body: unknown; status: number }) => ({
  through: status === 200,
  seen: `${status} ${JSON.stringify(body)}`,
})

/** Takes its registration back (RFC 7592). */
async function leave({ client }: Stranger): Promise<void> {
  const { registration_access_token: token, registration_client_uri: url } = Object(client)
  const headers = [['Authorization', `Bearer ${token}`]] as const
  const { status, text } = await send(String(url), { method: 'DELETE', headers })
  if (status !== 204) throw new Error(`${status} ${text}`)
}

/** The ways that are no answers of people. One that is added to Remit is added here. */
export const DIRECT_WAYS: readonly Way[] = [
  {
    name: 'a token of the person is exchanged for a task',
    opens: { person: 'sam', agent: 'refund-bot' },
    serves: 'once',
    grant: TOKEN_EXCHANGE,
    standsOn: ['sam', 'refund-bot', 'consent', 'keys of agents', 'client link', 'issuing rules'],
    prepare: async ({ everything, helper, world }) => {
      const subjectToken = await world.idToken()
      const wish = { details: everything, subjectToken }
      return {
        take: async () => status(200, await world.agent.ask(wish)),
        stolen: async () => status(200, await helper.ask(wish)),
      }
    },
  },
  {
    name: 'a task token is exchanged for a resource token',
    grant: TOKEN_EXCHANGE,
    standsOn: [...FOR_SAM, 'resource', 'issuing rules'],
    prepare: async (ways) => {
      const task = await openForSam(ways)
      const { agent, gateway } = ways.world
      return {
        tasks: [task.id],
        take: async () => status(200, await agent.askToken(task, `${gateway}/echo`)),
        stolen: async () => {
          const { id, key } = await openForSam(ways)
          return status(
            200,
            await agent.askToken({ id, key, token: task.token }, `${gateway}/echo`),
          )
        },
      }
    },
  },
  {
    name: 'a parent gets a ticket for a child',
    standsOn: [...FOR_SAM, 'helper-bot'],
    prepare: async (ways) => {
      const parent = await openForSam(ways)
      return { tasks: [parent.id], take: async () => status(201, await ticketOf(ways, parent)) }
    },
  },
  {
    name: 'a ticket is exchanged for a child task',
    opens: { person: 'sam', agent: 'helper-bot' },
    serves: 'once',
    grant: 'ticket',
    standsOn: [...FOR_SAM, 'helper-bot', 'keys of agents', 'issuing rules'],
    prepare: async (ways) => {
      const parent = await openForSam(ways)
      const { body } = await ticketOf(ways, parent)
      return {
        tasks: [parent.id],
        take: async () => status(200, (await redeem(ways, body.ticket)).answer),
        stolen: async () => status(200, (await redeem(ways, body.ticket, ways.alone)).answer),
      }
    },
  },
  {
    name: 'a child calls',
    standsOn: [...CALLS_FOR_SAM, 'helper-bot'],
    prepare: async (ways) => {
      const parent = await openForSam(ways)
      const child = await redeem(ways, (await ticketOf(ways, parent)).body.ticket)
      return { ...(await callReady(ways, taskOf(child), ways.helper)), tasks: [parent.id] }
    },
  },
  {
    name: 'a task is opened with no person present',
    opens: { person: 'fiona', agent: 'night-bot' },
    grant: 'client_credentials',
    standsOn: ['fiona', 'night-bot', 'sponsor grant', 'keys of agents', 'issuing rules'],
    prepare: async (ways) => ({
      take: async () => status(200, (await openAlone(ways)).answer),
      stolen: async () => status(200, (await openAlone(ways, ways.helper)).answer),
    }),
  },
  {
    name: 'a task without a person calls',
    standsOn: ['fiona', 'night-bot', 'sponsor grant', 'task', 'signing key', 'resource', 'rules'],
    prepare: async (ways) => callReady(ways, taskOf(await openAlone(ways)), ways.alone),
  },
  {
    name: 'a code is exchanged for a task',
    opens: { person: 'sam' },
    serves: 'at most once',
    grant: 'authorization_code',
    standsOn: ['sam', 'stranger', 'consent', 'resource', 'registration', 'issuing rules'],
    prepare: async ({ world }) => {
      const desk = `${world.gateway}/desk`
      const stranger = await Stranger.arrive(world)
      // By hand: the SDK forgets the token that goes with it.
      await stranger.register()
      const back = await stranger.codeFor(desk)
      return {
        agents: [stranger.id],
        leave: [() => leave(stranger)],
        take: async () => seenOf(await stranger.redeem(back, desk)),
        stolen: async () => {
          const other = await Stranger.arrive(world)
          await other.register()
          return seenOf(await stranger.redeem(back, desk, { client_id: other.id }))
        },
      }
    },
  },
  {
    name: 'a refresh token is exchanged',
    grant: 'refresh_token',
    standsOn: ['sam', 'stranger', 'consent', 'task', 'resource', 'registration', 'issuing rules'],
    prepare: async ({ world }) => {
      const desk = `${world.gateway}/desk`
      const stranger = await Stranger.arrive(world)
      // By hand: the SDK forgets the token that goes with it.
      await stranger.register()
      const client = await stranger.enter(desk)
      // The stream of its session would ask for tokens by itself, and forget the one that this is about.
      await client.close()
      return {
        agents: [stranger.id],
        tasks: [await onlyTaskOf(stranger, world)],
        leave: [() => leave(stranger)],
        take: async () => seenOf(await stranger.refresh({ resource: desk })),
        stolen: async () => {
          const other = await Stranger.arrive(world)
          await other.register()
          return seenOf(await stranger.refresh({ resource: desk, client_id: other.id }))
        },
      }
    },
  },
  {
    name: 'a bearer token calls a tool',
    standsOn: ['sam', 'stranger', 'consent', 'task', 'resource', 'rules', 'registration'],
    prepare: async ({ world }) => {
      const stranger = await Stranger.arrive(world)
      // By hand: the SDK forgets the token that goes with it.
      await stranger.register()
      const client = await stranger.enter(`${world.gateway}/desk`)
      // What it would do when it is refused: ask for other tokens, and its person. This is about the one it has.
      stranger.saved = stranger.saved && { ...stranger.saved, refresh_token: '' }
      return {
        agents: [stranger.id],
        leave: [() => leave(stranger)],
        tasks: [await onlyTaskOf(stranger, world)],
        take: async () => {
          try {
            const result = await client.callTool({
              name: 'search_notes',
              arguments: { query: 'x' },
            })
            return { through: result.isError !== true, seen: JSON.stringify(result) }
          } catch (error) {
            return { through: false, seen: String(error) }
          }
        },
      }
    },
  },
  {
    name: 'a call through the gateway',
    standsOn: CALLS_FOR_SAM,
    prepare: async (ways) => callReady(ways, await openForSam(ways)),
  },
  {
    name: 'a tool is called in a session',
    standsOn: CALLS_FOR_SAM,
    prepare: async (ways) => {
      const task = await openForSam(ways)
      const session = await Place.at(ways.world, 'desk').session(task)
      return {
        tasks: [task.id],
        take: async () => {
          const answer = await session.call('search_notes', { query: 'x' })
          const done = answer.status === 200 && rpcOf(answer).result?.isError !== true
          return {
            through: done && rpcOf(answer).result !== undefined,
            seen: `${answer.status} ${answer.text.slice(0, 200)}`,
          }
        },
      }
    },
  },
  {
    name: 'a message is sent to another agent',
    standsOn: CALLS_FOR_SAM,
    prepare: async (ways) => {
      const task = await openForSam(ways)
      const session = await Place.at(ways.world, 'trips').bare(task)
      return {
        tasks: [task.id],
        take: async () => {
          const answer = await ask(session, 'SendMessage', { message: MESSAGE })
          return {
            through: answer.status === 200 && rpcOf(answer).result !== undefined,
            seen: `${answer.status} ${answer.text.slice(0, 200)}`,
          }
        },
      }
    },
  },
  {
    name: 'a bearer token sends a message to an agent, by HTTP+JSON',
    standsOn: ['sam', 'stranger', 'consent', 'task', 'resource', 'rules', 'registration'],
    prepare: async ({ world }) => {
      const trips = `${world.gateway}/trips`
      const stranger = await Stranger.arrive(world)
      await stranger.register()
      const back = await stranger.answered(await stranger.ask('sam', stranger.asking(trips)))
      const { body } = await stranger.redeem(back, trips, { code_verifier: VERIFIER })
      const headers = [
        ['Authorization', `Bearer ${body.access_token}`],
        ['Content-Type', 'application/json'],
        ...Object.entries(VERSION),
      ] as const
      return {
        agents: [stranger.id],
        leave: [() => leave(stranger)],
        tasks: [await onlyTaskOf(stranger, world)],
        take: async () => {
          const sent = { method: 'POST', headers, body: JSON.stringify({ message: MESSAGE }) }
          return status(200, await send(`${trips}/message:send`, sent))
        },
      }
    },
  },
  {
    name: 'a direct API asks about a call',
    standsOn: CALLS_FOR_SAM,
    prepare: async (ways) => {
      const { agent, issuer } = ways.world
      const task = await openForSam(ways)
      const token = await agent.token(task, DIRECT)
      const url = `${DIRECT}/things`
      const proofs = [await agent.proof(task.key, { method: 'GET', url, token })]
      const asked = { scheme: 'DPoP', token, proofs, method: 'GET', url }
      return {
        tasks: [task.id],
        take: async () => {
          const answer = await send(`${issuer}/v1/calls`, {
            method: 'POST',
            headers: [
              ['Authorization', `Bearer ${ways.secret}`],
              ['Content-Type', 'application/json'],
            ],
            body: JSON.stringify(asked),
          })
          return { through: answer.body.decision === true, seen: answer.text.slice(0, 300) }
        },
      }
    },
  },
  {
    name: 'a gateway of others asks about a call',
    standsOn: CALLS_FOR_SAM,
    prepare: async (ways) => {
      const { agent } = ways.world
      const task = await openForSam(ways)
      const token = await agent.token(task, DIRECT)
      const url = `${DIRECT}/things`
      const proof = await agent.proof(task.key, { method: 'GET', url, token })
      const rawHeaders = ['Authorization', `DPoP ${token}`, 'DPoP', proof]
      const check = { method: 'GET', target: '/things', rawHeaders }
      return {
        tasks: [task.id],
        take: async () => {
          const answer = await askInProcess(ways.world, ways.secret, check)
          const refused = 'problem' in answer
          return { through: !refused, seen: refused ? String(answer.problem) : 'permitted' }
        },
      }
    },
  },
  {
    name: 'a task is opened in a conversation',
    opens: { person: 'sam', agent: 'refund-bot' },
    grant: TOKEN_EXCHANGE,
    standsOn: [
      'sam',
      'refund-bot',
      'consent',
      ...IN_SPACE,
      'keys of agents',
      'client link',
      'issuing rules',
    ],
    prepare: async (ways) => {
      const thread = await ways.thread()
      return { take: async () => status(200, (await openInSpace(ways, thread)).answer) }
    },
  },
  {
    name: 'a task token of a conversation is exchanged for a resource token',
    grant: TOKEN_EXCHANGE,
    standsOn: [...FOR_SAM, 'resource', ...IN_SPACE, 'issuing rules'],
    prepare: async (ways) => {
      const { agent, gateway } = ways.world
      const task = await inSpace(ways)
      return {
        tasks: [task.id],
        take: async () => status(200, await agent.askToken(task, `${gateway}/echo`)),
      }
    },
  },
  {
    name: 'a call in a conversation',
    standsOn: [...CALLS_FOR_SAM, ...IN_SPACE],
    prepare: async (ways) => callReady(ways, await inSpace(ways)),
  },
  {
    name: 'an enforcement point of others forwards a call',
    standsOn: [...CALLS_FOR_SAM, ...IN_SPACE, 'enforcement point'],
    prepare: async (ways) => {
      const { agent, gateway } = ways.world
      const pep = await ways.pep({})
      const task = await inSpace(ways)
      const token = await agent.token(task, `${gateway}/echo`)
      const about = { method: 'GET', url: `${gateway}/echo/things` }
      const dpop = await agent.proof(task.key, { ...about, token })
      const question = await questionAbout(ways, task, { ...about, access_token: token, dpop })
      return { tasks: [task.id], take: async () => decision(await pep.evaluate(question)) }
    },
  },
  {
    name: 'an enforcement point of others names a task, several times at once',
    standsOn: [...BY_NAME, 'enforcement point'],
    prepare: async (ways) => {
      const pep = await ways.pep({ namesTasks: true })
      const task = await openForSam(ways)
      const question = await questionAbout(ways, task, {})
      return {
        tasks: [task.id],
        take: async () => {
          const { text } = await pep.evaluateAll({ ...question, evaluations: [{}, {}] })
          return { through: text.includes('"decision":true'), seen: text }
        },
      }
    },
  },
  {
    name: 'an enforcement point of others searches for actions',
    standsOn: [...BY_NAME, 'enforcement point'],
    prepare: async (ways) => {
      const pep = await ways.pep({ namesTasks: true })
      const task = await openForSam(ways)
      const question = await questionAbout(ways, task, {})
      return {
        tasks: [task.id],
        take: async () => {
          const { text } = await pep.search('action', question)
          return { through: text.includes('"name":"echo.list"'), seen: text }
        },
      }
    },
  },
  {
    name: 'a policy-only set is asked',
    standsOn: ['enforcement point', 'policy-only set'],
    prepare: async (ways) => {
      const pep = await ways.pep({ mode: 'policy-only', policySet: 'records', properties: true })
      const question = { subject: ALICE, action: { name: 'read' }, resource: RECORD_1 }
      return { take: async () => decision(await pep.evaluate(question)) }
    },
  },
  {
    name: 'a policy-only set is searched',
    standsOn: ['enforcement point', 'policy-only set'],
    prepare: async (ways) => {
      const pep = await ways.pep({ mode: 'policy-only', policySet: 'records', properties: true })
      const question = { subject: ALICE, action: { name: 'read' }, resource: { type: 'record' } }
      return {
        take: async () => {
          const { text } = await pep.search('resource', question)
          return { through: text.includes('"id":"record-1"'), seen: text }
        },
      }
    },
  },
  {
    name: 'an approved call is sent again',
    serves: 'once',
    standsOn: CALLS_FOR_SAM,
    prepare: (ways) =>
      answered(ways, async (page) => {
        const fiona = await ways.world.browser('fiona')
        await fiona.submit(await fiona.get(page), /^Approve once/)
      }),
  },
  {
    name: 'a call is sent under an allowance',
    standsOn: CALLS_FOR_SAM,
    prepare: (ways) =>
      answered(ways, async (page) => {
        const fiona = await ways.world.browser('fiona')
        const spelled = await fiona.submit(await fiona.get(page), /^Look at it first/, {
          uses: '3',
        })
        await fiona.submit(spelled, /^Approve/)
      }),
  },
]

async function onlyTaskOf({ id: agentId }: Stranger, { rooms }: Ways['world']): Promise<string> {
  const [task] = await listTasks(rooms.storage.read, { agentId, limit: 1 })
  if (!task) throw new Error('the code opened no task')
  return task.id
}
