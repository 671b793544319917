import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ORDERS, READ, worldsOver } from '../../calls/calls/testing.ts'
import { isObject } from '../../platform/lib/json.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { basesOfPerson } from '../../tasks/consent/index.ts'
import { endBasis, type Task } from '../../tasks/tasks/index.ts'
import { askForAuthority, findOwnQuestion } from './authority.ts'

type AskParameters = Parameters<typeof askForAuthority>
type FindParameters = Parameters<typeof findOwnQuestion>

forEachEngine('a question to the person of a task', (open) => {
  const worlds = worldsOver(open)

  /** A message that a task of Sam and refund-bot does not include, since Sam allows nothing any more. */
  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { parts, sam } = world
    const task = await world.open()
    const call = await world.call(task, '', READ)
    const held = await parts.facts.task(task.opened.task.id)
    assert.ok(held)
    const now = parts.clock.now()
    for (const { id } of await basesOfPerson(parts.storage.read, sam.id, now))
      await endBasis(parts, { basisId: id, by: sam.id })
    const issuer = 'https://remit.example'
    const rpc = { kind: 'request', id: 1, method: 'SendMessage', params: new Map() }
    /** Asks with a task that is this in another way; answers the id of the question. */
    async function ask(change: Partial<Task> = {}) {
      const facts = { task: async () => ({ ...held, task: { ...held?.task, ...change } }) }
      const decisions = { ...parts, facts }
      const about = { ...call, isStream: false, rpc, task: held?.task.id }
      const verdict = { outcome: 'deny', unrecorded: true }
      // as: what it looks at is here
      const given = [about, verdict, { decisions, issuer }] as unknown as AskParameters
      const answer = await askForAuthority(...given)
      const { task: asked } = Object.fromEntries(
        answer?.reply.kind === 'result' ? answer.reply.result : [],
      )
      return isObject(asked) ? String(asked.get('id')) : undefined
    }
    /** Looks for a question as somebody who is Sam's refund-bot at the orders API, but for this. */
    const find = (
      id: string,
      { resource = ORDERS, ...other }: Partial<Task> & { resource?: string },
    ) => {
      const who = { task: { ...held.task, ...other }, resource: { identifier: resource } }
      return findOwnQuestion(
        ...([who, id, { decisions: parts, issuer }] as unknown as FindParameters),
      ) // as: likewise
    }
    return { ask, find, world }
  }

  test('E19: is asked for nobody who could not open another task, or is not there', async (t) => {
    const { ask } = await begin(t)
    const changes: readonly Partial<Task>[] = [
      { keyThumbprint: null },
      { parentId: 'tsk_parent' },
      { sponsored: true },
      { threadId: 'thr_1' },
    ] as const
    for (const change of changes) assert.equal(await ask(change), undefined, JSON.stringify(change))
    assert.match(String(await ask()), /^cns_/)
  })

  test('E19: is known to its own agent and person, at the agent that it is about, and to nobody else', async (t) => {
    const { ask, find, world } = await begin(t)
    const id = String(await ask())
    assert.ok(await find(id, {}))
    const others = [
      { personId: world.finn.id },
      { agentId: 'another-bot' },
      { resource: 'https://other.example/agent' },
    ]
    for (const other of others)
      assert.equal(await find(id, other), undefined, JSON.stringify(other))
  })
})
