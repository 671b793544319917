import { matchAction, type TypedArguments } from '@remit/engine'
import {
  findRequest,
  listForApprover,
  listForPerson,
} from '../../src/approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../src/approvals/approvals/index.ts'
import { decideCall, recordOutcome } from '../../src/calls/calls/index.ts'
import { typeArguments } from '../../src/catalog/argument-types/index.ts'
import { forgetUnusedClients } from '../../src/grants/code-grant/index.ts'
import { openTask, suspendDormant } from '../../src/grants/grants/index.ts'
import { issueResourceToken } from '../../src/grants/issuance/index.ts'
import { introspect } from '../../src/grants/token-status/introspect.ts'
import { listAgents } from '../../src/identity/agents/index.ts'
import { listPersons, type Person } from '../../src/identity/people/index.ts'
import { mintTaskToken } from '../../src/identity/tokens/index.ts'
import { importPublicJwk } from '../../src/platform/jose/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { newId } from '../../src/platform/lib/id.ts'
import { parseJson } from '../../src/platform/lib/json.ts'
import type { Rooms } from '../../src/rooms.ts'
import { Facts } from '../../src/tasks/facts/facts.ts'
import { minting } from '../../src/tasks/facts/minting.ts'
import {
  closeTask,
  findTask,
  listTasks,
  openSteps,
  TASK_LIFE,
  type Task,
  TaskKeeper,
} from '../../src/tasks/tasks/index.ts'
import { closeTasksOf } from '../../src/tasks/tasks/keep.ts'
import { assertionOf, idTokenOf, presenting, proofOf, publicPart } from './agent.ts'
import { type Crowd, type CrowdPerson, newJwk } from './crowd.ts'
import { DETAILS, ORDERS, PURPOSE } from './world.ts'

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ORIGIN = { ip: '192.0.2.7' }
const CASCADE = 1_000
const PAGE = 100

export interface Scene {
  readonly rooms: Rooms
  readonly crowd: Crowd
  readonly approver: Person
}

type Work = () => Promise<unknown>

/**
 * Act that is measured. Its sender makes everything that a request needs before the clock starts.
 */
export interface Act {
  readonly name: string
  /** Number of things that one piece of work does. */
  readonly each?: number
  readonly prepare: (actor: Actor, count: number) => Promise<readonly Work[]>
}

/** Makes requests for one of the crowd after the other. */
export class Actor {
  readonly scene: Scene
  #next = 0

  constructor(scene: Scene) {
    this.scene = scene
  }

  get decisions() {
    return this.scene.rooms.decisions
  }

  /** Parts of a replica that has not seen any of them. */
  get strange() {
    const { storage, live, catalog, issuerTrust: issuers } = this.scene.rooms
    return { ...this.decisions, facts: new Facts({ storage, live, catalog, issuers }) }
  }

  some(count: number): CrowdPerson[] {
    const { people } = this.scene.crowd
    return Array.from({ length: count }, () => {
      const person = people[this.#next++ % people.length]
      if (!person) throw new Error('there is nobody')
      return person
    })
  }

  opening(person: CrowdPerson) {
    const { agents, provider } = this.scene.crowd
    const agent = agents.find(({ id }) => id === person.agent)
    if (!agent) throw new Error('an agent that nobody has the key of')
    return {
      ...presenting(newJwk().privateJwk),
      assertion: assertionOf(agent),
      assertionType: JWT_BEARER,
      subjectToken: idTokenOf(provider, { subject: person.subject, client: agent.id }),
      subjectTokenType: ID_TOKEN,
      details: [...DETAILS],
      purpose: PURPOSE,
    }
  }

  /** The token that came with the task when it was opened, which is not looked up for it. */
  async exchange({ agent, id, subject, task }: CrowdPerson) {
    const { issuer } = this.scene.crowd.provider
    const { token } = await mintTaskToken(minting(this.decisions), {
      parties: { person: { id, known: { issuer, subject } }, chain: [agent] },
      task: { id: taskId(task.id), purpose: PURPOSE },
      details: DETAILS,
      thumbprint: importPublicJwk(publicPart(task.key)).thumbprint,
      deadline: Date.now() + TASK_LIFE.default,
    })
    return { ...presenting(task.key), token, clientId: task.id, resource: ORDERS }
  }

  async resourceToken(person: CrowdPerson): Promise<string> {
    const issued = await issueResourceToken(this.decisions, await this.exchange(person))
    if (issued.outcome !== 'issued') throw new Error(JSON.stringify(issued))
    return issued.token.token
  }

  async call(person: CrowdPerson, amount?: string) {
    const refund = amount !== undefined
    const method = refund ? 'POST' : 'GET'
    const path = `/orders/1042${refund ? '/refunds' : ''}`
    const catalog = await this.decisions.catalog.current()
    const resource = catalog.resources.get('orders')
    const found = matchAction(catalog.actionsOf('orders'), method, path.slice(1).split('/'))
    if (!resource || !found) throw new Error('no such action')
    const body = refund ? parseJson(`{"amount":${amount}}`) : undefined
    const typed = typeArguments(found.action, { path: found.path, query: [], body })
    if (!typed.ok) throw new Error(typed.detail)
    const args: TypedArguments = typed.arguments
    const url = `${ORDERS}${path}`
    const token = await this.resourceToken(person)
    return {
      ...{ token, scheme: 'DPoP' as const, method, url, resource, action: found.action },
      proof: proofOf(person.task.key, { method, url, token }),
      arguments: args,
      sent: { method, path, query: [], headers: [], body },
      origin: ORIGIN,
      doable: [],
    }
  }

  async asked(person: CrowdPerson): Promise<string> {
    const verdict = await decideCall(this.decisions, await this.call(person, randomAmount()))
    if (verdict.outcome !== 'requestable') throw new Error(JSON.stringify(verdict))
    return verdict.request.id
  }

  async openedTasks(agentId: string, count: number): Promise<string[]> {
    const { random, storage } = this.decisions
    const ids: string[] = []
    for (let left = count; left > 0; left -= PAGE) {
      const steps = this.some(Math.min(left, PAGE)).flatMap(() => {
        const id = newId('task', random)
        const now = Date.now()
        ids.push(id)
        return openSteps(
          this.decisions,
          {
            ...{ id, rootId: id, parentId: null, personId: newId('person', random), agentId },
            ...{ purpose: PURPOSE, details: DETAILS, mayDelegate: [], bases: [], spaceId: null },
            ...{ threadId: null, authTime: null, acr: null, openedBy: 'exchange' as const },
            ...{
              keyThumbprint: base64url(random.bytes(32)),
              sponsored: false,
              sponsorGrantId: null,
            },
            ...{
              issuers: [],
              actors: [],
              idleMs: null,
              budget: [],
              state: 'open' as const,
              openedAt: now,
              deadline: now + TASK_LIFE.most,
            },
            ...{ closedAt: null, closeReason: null },
          },
          {},
        )
      })
      const done = await storage.commit(steps)
      if (!done.committed) throw new Error(done.failed.name)
    }
    return ids
  }
}

function randomAmount(): string {
  return `${500 + Math.floor(Math.random() * 400)}.${10 + Math.floor(Math.random() * 90)}`
}

/** Work that is the same each time. */
const listing = (
  name: string,
  work: (scene: Scene, person: CrowdPerson) => Promise<unknown>,
): Act => ({
  name,
  prepare: async (actor, count) =>
    actor.some(count).map((person) => () => work(actor.scene, person)),
})

export const ACTS: readonly Act[] = [
  {
    name: 'opening a task',
    prepare: async (actor, count) =>
      actor.some(count).map((person) => {
        const opening = actor.opening(person)
        return async () =>
          must(await openTask(actor.decisions, 'token_exchange', opening), 'opened')
      }),
  },
  {
    name: 'exchanging for a resource token',
    prepare: async (actor, count) => {
      const parts = actor.strange
      const requests = await Promise.all(actor.some(count).map((each) => actor.exchange(each)))
      return requests.map(
        (request) => async () => must(await issueResourceToken(parts, request), 'issued'),
      )
    },
  },
  {
    name: 'deciding a call of a task not seen before',
    prepare: async (actor, count) => {
      const parts = actor.strange
      const calls = await Promise.all(actor.some(count).map((each) => actor.call(each)))
      return calls.map((call) => async () => must(await decideCall(parts, call), 'permit'))
    },
  },
  {
    name: 'deciding a call, and its outcome',
    prepare: async (actor, count) => {
      const calls = await Promise.all(actor.some(count).map((each) => actor.call(each)))
      return calls.map((call) => async () => {
        const verdict = await decideCall(actor.decisions, call)
        if (verdict.outcome !== 'permit') throw new Error(JSON.stringify(verdict))
        await recordOutcome(actor.decisions, verdict.decisionId, { state: 'answered', status: 200 })
      })
    },
  },
  {
    name: 'asking people about a call',
    prepare: async (actor, count) => {
      const calls = await Promise.all(
        actor.some(count).map((each) => actor.call(each, randomAmount())),
      )
      return calls.map(
        (call) => async () => must(await decideCall(actor.decisions, call), 'requestable'),
      )
    },
  },
  {
    name: 'approving a call',
    prepare: async (actor, count) => {
      const asked = await Promise.all(actor.some(count).map((each) => actor.asked(each)))
      const { approver: person } = actor.scene
      return asked.map((requestId) => async () => {
        const request = await findRequest(actor.decisions, requestId)
        if (!request) throw new Error('no such request')
        const shown = shownDigest(request)
        const answer = { requestId, person, answer: 'approve', shown, authTime: 0 } as const
        await answerRequest(actor.decisions, answer)
      })
    },
  },
  {
    name: 'introspecting a token',
    prepare: async (actor, count) => {
      const parts = actor.strange
      const caller = { name: 'orders', mayKnow: () => true }
      const tokens = await Promise.all(actor.some(count).map((each) => actor.resourceToken(each)))
      return tokens.map((token) => async () => {
        if (!(await introspect(parts, caller, token)).active) throw new Error('not active')
      })
    },
  },
  {
    name: 'closing a task',
    prepare: async (actor, count) => {
      const ids = await actor.openedTasks('agent-0', count)
      return ids.map(
        (taskId) => () => closeTask(actor.decisions, { taskId, by: 'operator', reason: 'person' }),
      )
    },
  },
  {
    name: `closing ${CASCADE} tasks of an agent that has ended, each`,
    each: CASCADE,
    prepare: async (actor) => {
      const agentId = `ended-${newId('task', actor.decisions.random)}`
      await actor.openedTasks(agentId, CASCADE)
      return [() => closeTasksOf(actor.decisions, { kind: 'agent', id: agentId })]
    },
  },
  listing('tasks of a person', ({ rooms }, { id }) =>
    listTasks(rooms.storage.read, { personId: id, limit: PAGE }),
  ),
  listing('tasks of an agent', ({ rooms }, { agent }) =>
    listTasks(rooms.storage.read, { agentId: agent, limit: PAGE }),
  ),
  listing('a page of all tasks', async ({ rooms }, { task }) => {
    const after = await findTask(rooms.storage.read, task.id)
    if (!after) throw new Error('no such task')
    await listTasks(rooms.storage.read, { limit: PAGE, after })
  }),
  listing('a page of agents', ({ rooms }, { agent }) =>
    listAgents(rooms.storage.read, { limit: PAGE, after: agent }),
  ),
  listing('a page of people', ({ rooms }, { id, subject }) =>
    listPersons(rooms.storage.read, {
      limit: PAGE,
      after: { id: personId(id), name: `Person ${subject}` },
    }),
  ),
  listing('a page of a group that everybody is in', ({ rooms }, { id, subject }) =>
    listPersons(rooms.storage.read, {
      ...{ limit: PAGE, group: 'support' },
      after: { id: personId(id), name: `Person ${subject}` },
    }),
  ),
  listing('what waits for a person', ({ rooms }, { id }) => listForPerson(rooms.decisions, id)),
  listing('what an approver may answer', ({ approver, rooms }) =>
    listForApprover(rooms.decisions, approver),
  ),
  listing('the sweep of every second', ({ rooms }) =>
    new TaskKeeper(rooms.decisions, { onError: fail }).sweep(),
  ),
  {
    name: 'looking for agents that nobody uses, all of them, once an hour',
    prepare: async ({ decisions }) => [
      async () => {
        await forgetUnusedClients(decisions, { keptDays: 90 })
        await suspendDormant(decisions)
      },
    ],
  },
]

function taskId(text: string): Task['id'] {
  return text as Task['id'] // as: written down by the program that filled the store
}

function personId(text: string): Person['id'] {
  return text as Person['id'] // as: written down by the program that filled the store
}

function fail(error: unknown): never {
  throw error
}

function must<T extends { readonly outcome: string }>(answer: T, outcome: string): void {
  if (answer.outcome !== outcome) throw new Error(JSON.stringify(answer))
}
