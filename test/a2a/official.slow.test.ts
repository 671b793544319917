import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import {
  Role,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  TaskState,
} from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import type { Detail } from 'remit-sdk'
import type { OpenTask } from '../agent.ts'
import { addAgent, orders } from '../delegation.ts'
import { say } from '../mcp/asking.ts'
import { Place } from '../mcp/place.ts'
import { sdkTask } from '../sdk/shops.ts'
import { inOneWorld } from '../world.ts'
import { servePlanner, textPart } from './planner.ts'

let messages = 0

function asking(words: string, over: object = {}): SendMessageRequest {
  return {
    tenant: '',
    message: {
      messageId: `m-${++messages}`,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [textPart(words)],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
      ...over,
    },
    configuration: undefined,
    metadata: undefined,
  }
}

function skill(name: string) {
  return { metadata: { skillId: name } }
}

function isTask(answer: object): asserts answer is Task {
  assert.ok('status' in answer, JSON.stringify(answer))
}

async function all(stream: AsyncGenerator<StreamResponse>): Promise<StreamResponse[]> {
  const events: StreamResponse[] = []
  for await (const event of stream) events.push(event)
  return events
}

type Transport = typeof JsonRpcTransportFactory | typeof RestTransportFactory
const BINDINGS: Readonly<Record<'JSONRPC' | 'HTTP+JSON', Transport>> = {
  JSONRPC: JsonRpcTransportFactory,
  'HTTP+JSON': RestTransportFactory,
}

/** Id of the task that an event is about. */
function taskOf({ payload }: StreamResponse): string | undefined {
  if (payload?.$case === 'task') return payload.value.id
  return payload?.value.taskId
}

inOneWorld('the official SDK of A2A on both sides', (world) => {
  let planner: Awaited<ReturnType<typeof servePlanner>>
  let place: Place
  before(async () => {
    planner = await servePlanner()
    place = await Place.add(world(), {
      ...{ name: 'planner', url: planner.url, a2a: true, trusted: true },
      asks: ['skill-book-trip'],
    })
  })
  after(() => planner.close())

  async function connect(task: OpenTask, Transport = BINDINGS.JSONRPC): Promise<Client> {
    const fetchImpl = await place.fetch(task)
    const factory = new ClientFactory({
      transports: [new Transport({ fetchImpl })],
      cardResolver: new DefaultAgentCardResolver(),
    })
    return factory.createFromUrl(`${place.identifier}/`)
  }

  it('finds the agent by its public card, and its skills by the extended one', async () => {
    const answer = await fetch(`${place.identifier}/.well-known/agent-card.json`)
    const card = JSON.parse(await answer.text())
    assert.equal(answer.status, 200)
    assert.deepEqual(card.skills, [])
    assert.equal(card.supportedInterfaces[0].url, place.identifier)
    assert.equal(JSON.stringify(card).includes(planner.url), false)
    const client = await connect(await place.open())
    const extended = await client.getAgentCard()
    assert.deepEqual(extended.skills.map(({ id }) => id).toSorted(), ['book_trip', 'quote'])
    const bounded = await connect(await place.open(place.details(['planner.skill-quote'])))
    assert.deepEqual(
      (await bounded.getAgentCard()).skills.map(({ id }) => id),
      ['quote'],
    )
  })

  it('sends a message, is answered by the agent, and the agent is told which decision', async () => {
    const client = await connect(await place.open())
    const answer = await client.sendMessage(asking('hello there', skill('quote')))
    assert.ok('parts' in answer)
    assert.match(JSON.stringify(answer.parts), /hello to you: hello there/)
    const got = planner.reached.at(-1)
    assert.match(String(got?.headers['remit-decision']), /^dec_/)
    assert.equal(answer.metadata?.['remit/decision'], got?.headers['remit-decision'])
    assert.equal(got?.headers['a2a-version'], '1.0')
    assert.match(String(got?.headers.authorization), /echo|Bearer|key/i)
    assert.equal(got?.headers.dpop, undefined)
    assert.match(String(got?.headers['txn-token']), /^ey/)
  })

  for (const [binding, Transport] of Object.entries(BINDINGS)) {
    it(`streams a task, and reads, lists and continues it, by ${binding}`, async () => {
      const client = await connect(await place.open(), Transport)
      const events = await all(client.sendMessageStream(asking('a trip to Lyon')))
      assert.deepEqual(
        events.map(({ payload }) => payload?.$case),
        ['task', 'artifactUpdate', 'statusUpdate'],
      )
      const [first] = events
      assert.ok(first?.payload?.$case === 'task')
      const { contextId, id } = first.payload.value
      const read = await client.getTask({ tenant: '', id, historyLength: undefined })
      assert.deepEqual([read.id, read.contextId], [id, contextId])
      assert.equal(read.status?.state, TaskState.TASK_STATE_COMPLETED)
      const listed = await client.listTasks({
        ...{ tenant: '', contextId, status: TaskState.TASK_STATE_UNSPECIFIED, pageSize: undefined },
        ...{ pageToken: '', historyLength: undefined, statusTimestampAfter: undefined },
        includeArtifacts: undefined,
      })
      assert.deepEqual(
        listed.tasks.map((each) => each.id),
        [id],
      )
      const more = await client.sendMessage(
        asking('and back', { contextId, referenceTaskIds: [id] }),
      )
      isTask(more)
      assert.equal(more.contextId, contextId)
    })

    it(`waits for a task in the background, subscribes to it, and cancels it, by ${binding}`, async () => {
      const client = await connect(await place.open(), Transport)
      const wish = asking('wait for me')
      const configuration = {
        ...{ acceptedOutputModes: [], taskPushNotificationConfig: undefined },
        ...{ historyLength: undefined, returnImmediately: true },
      }
      const begun = await client.sendMessage({ ...wish, configuration })
      isTask(begun)
      const watching = client.resubscribeTask({ tenant: '', id: begun.id })
      const { value } = await watching.next()
      assert.ok(value)
      assert.equal(taskOf(value), begun.id)
      const cancelled = await client.cancelTask({ tenant: '', id: begun.id, metadata: undefined })
      assert.equal(cancelled.status?.state, TaskState.TASK_STATE_CANCELED)
    })

    it(`a task of another Remit task is unknown, whatever is asked about it, by ${binding}`, async () => {
      const mine = await connect(await place.open(), Transport)
      const other = await connect(await place.open(), Transport)
      const made = await mine.sendMessage(asking('a trip to Rome'))
      isTask(made)
      const before = planner.reached.length
      const about = { tenant: '', id: made.id }
      await assert.rejects(other.getTask({ ...about, historyLength: undefined }), /no such task/)
      await assert.rejects(other.cancelTask({ ...about, metadata: undefined }), /no such task/)
      await assert.rejects(all(other.resubscribeTask(about)), /no such task/)
      await assert.rejects(other.sendMessage(asking('x', { taskId: made.id })), /no such task/)
      assert.equal(planner.reached.length, before)
      // The context is one of its own: nothing of the other's is in it, and its list is empty.
      const { contextId } = made
      const list = async (client: typeof other) => {
        const none = { status: TaskState.TASK_STATE_UNSPECIFIED, pageSize: undefined }
        const { tasks } = await client.listTasks({
          ...{ tenant: '', contextId, ...none, pageToken: '', historyLength: undefined },
          ...{ statusTimestampAfter: undefined, includeArtifacts: undefined },
        })
        return tasks.map(({ id }) => id)
      }
      assert.deepEqual([await list(other), await list(mine)], [[], [made.id]])
      const begun = await other.sendMessage(asking('x', { contextId }))
      isTask(begun)
      assert.equal(begun.contextId, contextId)
      assert.deepEqual([await list(other), await list(mine)], [[begun.id], [made.id]])
    })

    it(`a call that needs approval is a task that waits; approved, it is executed once, by ${binding}`, async () => {
      const w = world()
      const client = await connect(await place.open(), Transport)
      const wish = asking('a trip to Oslo', skill('book_trip'))
      const before = planner.reached.length
      const waiting = await client.sendMessage(wish)
      isTask(waiting)
      assert.equal(waiting.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
      const page = `${w.issuer}/approvals/${waiting.id}`
      assert.ok(JSON.stringify(waiting.status?.message).includes(page))
      const ask = { tenant: '', id: waiting.id, historyLength: undefined }
      assert.equal((await client.getTask(ask)).status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
      const [event, ...more] = await all(client.resubscribeTask({ tenant: '', id: waiting.id }))
      assert.equal(event && taskOf(event), waiting.id)
      assert.equal(more.length, 0)
      const stranger = await connect(await place.open(), Transport)
      await assert.rejects(stranger.getTask(ask), /no such task/)
      assert.equal(planner.reached.length, before)
      await say(w, page, /^Approve once/)
      const [done] = await Promise.all([client.getTask(ask), client.getTask(ask)])
      assert.equal(done.id, waiting.id)
      const sent = () =>
        planner.reached.slice(before).filter(({ method }) => method === 'SendMessage')
      assert.equal(sent().length, 1)
      const later = await client.getTask(ask)
      assert.deepEqual(
        [later.id, later.status?.state],
        [waiting.id, TaskState.TASK_STATE_COMPLETED],
      )
      assert.match(JSON.stringify(later.artifacts), /planned: a trip to Oslo/)
      const again = await client.sendMessage(wish)
      isTask(again)
      assert.equal(again.metadata?.['remit/told-again'], true)
      assert.equal(sent().length, 1)
      const changed = await client.sendMessage(asking('a trip to Nice', skill('book_trip')))
      isTask(changed)
      assert.equal(changed.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
      assert.notEqual(changed.id, waiting.id)
    })
  }

  it('a call that a person denies, or that is taken back, is never sent', async () => {
    const w = world()
    const client = await connect(await place.open())
    const before = planner.reached.length
    const denied = await client.sendMessage(asking('a trip to Bern', skill('book_trip')))
    isTask(denied)
    await say(w, `${w.issuer}/approvals/${denied.id}`, /^Deny/, { reason: 'too far' })
    const ask = { tenant: '', historyLength: undefined }
    const told = await client.getTask({ ...ask, id: denied.id })
    assert.equal(told.status?.state, TaskState.TASK_STATE_REJECTED)
    const events = await all(client.sendMessageStream(asking('to Prague', skill('book_trip'))))
    const [event] = events
    assert.ok(event?.payload?.$case === 'task' && events.length === 1)
    const { id } = event.payload.value
    const gone = await client.cancelTask({ tenant: '', id, metadata: undefined })
    assert.equal(gone.status?.state, TaskState.TASK_STATE_CANCELED)
    const after = await client.getTask({ ...ask, id })
    assert.equal(after.status?.state, TaskState.TASK_STATE_CANCELED)
    assert.equal(planner.reached.length, before)
  })

  it('what waited by one binding is executed by the other, once', async () => {
    const w = world()
    const task = await place.open()
    const [asked, other] = [await connect(task), await connect(task, RestTransportFactory)]
    const wish = asking('a trip to Turin', skill('book_trip'))
    const waiting = await asked.sendMessage(wish)
    isTask(waiting)
    const same = await other.sendMessage(wish)
    isTask(same)
    assert.equal(same.id, waiting.id, 'the same call')
    const before = planner.reached.length
    await say(w, `${w.issuer}/approvals/${waiting.id}`, /^Approve once/)
    const ask = { tenant: '', id: waiting.id, historyLength: undefined }
    await Promise.all([asked.getTask(ask), other.getTask(ask)])
    const again = await other.sendMessage(wish)
    assert.ok('status' in again && again.metadata?.['remit/told-again'] === true)
    const sent = planner.reached.slice(before).filter(({ method }) => method === 'SendMessage')
    assert.equal(sent.length, 1)
    const done = await other.getTask(ask)
    assert.deepEqual([done.id, done.status?.state], [waiting.id, TaskState.TASK_STATE_COMPLETED])
  })

  it('approved while nobody asks, a subscription executes and streams it under the id that waited', async () => {
    const w = world()
    const client = await connect(await place.open())
    const waiting = await client.sendMessage(asking('a trip to Riga', skill('book_trip')))
    isTask(waiting)
    await say(w, `${w.issuer}/approvals/${waiting.id}`, /^Approve once/)
    const events = await all(client.resubscribeTask({ tenant: '', id: waiting.id }))
    assert.deepEqual(
      events.map(({ payload }) => payload?.$case),
      ['task', 'artifactUpdate', 'statusUpdate'],
    )
    for (const each of events) assert.equal(taskOf(each), waiting.id)
    const read = await client.getTask({ tenant: '', id: waiting.id, historyLength: undefined })
    assert.deepEqual([read.id, read.status?.state], [waiting.id, TaskState.TASK_STATE_COMPLETED])
  })

  it('a task that waited goes on under its id: messages, and cancelling', async () => {
    const w = world()
    const client = await connect(await place.open())
    const configuration = {
      ...{ acceptedOutputModes: [], taskPushNotificationConfig: undefined },
      ...{ historyLength: undefined, returnImmediately: true },
    }
    const begin = async () => {
      const wish = asking('wait for a room', skill('book_trip'))
      const waiting = await client.sendMessage({ ...wish, configuration })
      isTask(waiting)
      const early = client.sendMessage(asking('hurry', { taskId: waiting.id }))
      await assert.rejects(early, /takes no messages/)
      await say(w, `${w.issuer}/approvals/${waiting.id}`, /^Approve once/)
      const begun = await client.getTask({ tenant: '', id: waiting.id, historyLength: undefined })
      assert.equal(begun.status?.state, TaskState.TASK_STATE_WORKING)
      return waiting.id
    }
    const first = await begin()
    const more = await client.sendMessage(asking('with a view', { taskId: first }))
    isTask(more)
    assert.equal(more.id, first)
    const second = await begin()
    const cancelled = await client.cancelTask({ tenant: '', id: second, metadata: undefined })
    assert.deepEqual(
      [cancelled.id, cancelled.status?.state],
      [second, TaskState.TASK_STATE_CANCELED],
    )
  })

  it('with the `fetch` of remit-sdk: signed, asked for approval, and with a ticket for the agent', async () => {
    const w = world()
    await addAgent(w, 'planner-bot', 'ada')
    const delegates = { ...orders(w, 'orders.read'), type: 'remit_delegate' as const }
    const task = await sdkTask(w, {
      details: [...place.details(), orders(w, 'orders.read'), delegates] as Detail[], // as: written above
    })
    const fetchImpl: typeof fetch = (input, init) => task.fetch(input, init)
    const transports = [new JsonRpcTransportFactory({ fetchImpl })]
    const client = await new ClientFactory({ transports }).createFromUrl(`${place.identifier}/`)
    const details = [orders(w, 'orders.read')] as unknown as Detail[] // as: of that type
    const ticket = await task.child({ agent: 'planner-bot', purpose: 'look', details })
    const serviceParameters = { 'Remit-Ticket': ticket }
    const answer = await client.sendMessage(asking('hello again'), { serviceParameters })
    assert.ok('parts' in answer)
    assert.equal(planner.reached.at(-1)?.headers['remit-ticket'], ticket)
    const waiting = await client.sendMessage(asking('a trip to Kyiv', skill('book_trip')))
    isTask(waiting)
    assert.equal(waiting.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
  })
})
