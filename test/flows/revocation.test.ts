import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import type { OpenTask } from '../agent.ts'
import { askWith, pepWith } from '../introspection/asking.ts'
import { inEachWorld, type World } from '../world.ts'

// The orders API has a clock of its own.
const READ = '/echo/things/1'

interface HeldTask {
  readonly task: OpenTask
  readonly token: string
}

/** Level at which something is taken away: what stops a token there, and what takes that back. */
interface Level {
  readonly name: string
  readonly act: (w: World, held: HeldTask) => Promise<number>
  readonly undo?: (w: World) => Promise<number>
  /** The task goes on and is given other tokens. */
  readonly goesOn?: true
}

async function asAda(w: World, path: string): Promise<number> {
  const answer = await (await w.api('ada')).send('POST', path, { reason: 'test' })
  return answer.status
}

function suspended(name: string, of: (w: World) => Promise<string>): Level {
  return {
    name,
    act: async (w) => asAda(w, `${await of(w)}/suspend`),
    undo: async (w) => asAda(w, `${await of(w)}/resume`),
  }
}

/** Levels in this order: those that cannot be undone come last. */
const LEVELS: readonly Level[] = [
  {
    name: 'token',
    act: async (w, { token }) => (await w.agent.revoke(token)).status,
    goesOn: true,
  },
  {
    name: 'client of the agent at the identity provider',
    act: async (w) => {
      const body = { issuer: w.provider, client_id: 'refund-bot' }
      const ada = await w.api('ada')
      return (await ada.send('POST', '/agents/refund-bot/clients/unlink', body)).status
    },
    undo: async (w) => {
      const subjectToken = await w.idToken()
      assert.equal((await w.agent.ask({ subjectToken, details: w.everything })).status, 400)
      const body = { issuer: w.provider, client_id: 'refund-bot' }
      const ada = await w.api('ada')
      return (await ada.send('POST', '/agents/refund-bot/clients', body)).status
    },
    goesOn: true,
  },
  { name: 'task token', act: async (w, { task }) => (await w.agent.revoke(task.token)).status },
  { name: 'task, closed', act: (w, { task }) => asAda(w, `/tasks/${task.id}/close`) },
  { name: 'task, suspended', act: (w, { task }) => asAda(w, `/tasks/${task.id}/suspend`) },
  suspended('agent', async () => '/agents/refund-bot'),
  suspended('person', async (w) => `/people/${(await w.person('sam')).id}`),
  suspended('resource', async () => '/resources/echo'),
  {
    name: 'signing key',
    act: async (w) => {
      const { body } = await (await w.api('ada')).send('GET', '/keys')
      const { keys } = body as unknown as { keys: readonly { kid: string }[] } // as the schema says
      const told = []
      for (const { kid } of keys) told.push(await asAda(w, `/keys/${kid}/withdraw`))
      return Math.max(...told)
    },
  },
  { name: 'agent, for good', act: (w) => asAda(w, '/agents/refund-bot/retire') },
]

inEachWorld('what is taken away stops a live token everywhere', (world) => {
  let secret: string
  before(async () => {
    secret = await pepWith(world(), 'asks-about-all', {})
  })

  /**
   * Tells whether it works at the gateway, in introspection, and for another one at the token
   * endpoint.
   */
  async function works({ task, token }: HeldTask): Promise<readonly [boolean, unknown, boolean]> {
    const w = world()
    const called = await w.agent.call(task, 'GET', READ, { token })
    const { body } = await askWith(w, secret, token)
    const again = await w.agent.askToken(task, `${w.gateway}/echo`)
    return [called.status === 200, body.active, again.status === 200]
  }

  for (const { act, goesOn = false, name, undo } of LEVELS) {
    it(name, async () => {
      const w = world()
      const task = await w.open()
      const held = { task, token: await w.agent.token(task, `${w.gateway}/echo`) }
      assert.deepEqual(await works(held), [true, true, true])
      assert.equal(await act(w, held), 200)
      assert.deepEqual(await works(held), [false, false, goesOn])
      if (!undo) return
      assert.equal(await undo(w), 200)
      assert.deepEqual(await works(held), [false, false, true], 'the old one stays dead')
    })
  }
})
