import assert from 'node:assert/strict'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Role, TaskState } from '@a2a-js/sdk'
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client'
import type { Detail } from 'remit-sdk'
import { textPart } from '../../a2a/planner.ts'
import { PAGE, say } from '../../mcp/asking.ts'
import { Place } from '../../mcp/place.ts'
import type { RunningProgram } from '../../sdk/project.ts'
import { sdkTask } from '../../sdk/shops.ts'
import { World } from '../../world.ts'
import { PythonProject } from '../python-sdk/installed.ts'

const BINDINGS = { JSONRPC: JsonRpcTransportFactory, 'HTTP+JSON': RestTransportFactory }

describe('the official A2A SDK for Python, as the agent that is called', () => {
  let w: World
  let project: PythonProject
  let planner: RunningProgram
  let place: Place
  before(async () => {
    w = await World.start('sqlite', { nonces: 'auto' })
    project = await PythonProject.make('A2A')
    for (const name of ['planner.py', 'caller.py'])
      await cp(join(import.meta.dirname, name), join(project.folder, name))
    await cp(join(w.data, '..', 'refund-bot.jwk'), join(project.folder, 'refund-bot.jwk'))
    planner = project.start(['planner.py'])
    const [, url = ''] = await planner.says(/at (\S+)\n/)
    place = await Place.add(w, { name: 'planner', url, a2a: true, asks: ['skill-book-trip'] })
  })
  after(async () => {
    await project?.remove()
    await w?.stop()
  })

  for (const binding of Object.keys(BINDINGS))
    it(`its client calls it by ${binding}: a message, a stream, and what a person approves, once`, async () => {
      const env = { ID_TOKEN: await w.idToken('sam'), REMIT_ISSUER: w.issuer }
      const running = project.start(['caller.py', place.identifier, binding], env)
      await running.says(/said hello to you: hello there\n/)
      await running.says(/events task( \w+)+\n/)
      await running.says(/artifact .*planned: to Lyon/)
      await planner.says(/asked to Lyon\n/)
      await running.says(/state TASK_STATE_AUTH_REQUIRED\n/)
      const [page] = await running.says(PAGE)
      await say(w, page, /^Approve once/)
      running.tell('approved\n')
      await running.says(/booked True TASK_STATE_COMPLETED\nagain True\nunknown\nclosed\n/)
      await planner.says(/asked to Oslo\n/)
      const { code, said } = await running.ended
      assert.equal(code, 0, said)
    })

  for (const [binding, Transport] of Object.entries(BINDINGS))
    it(`the client for JavaScript calls it by ${binding}, with an approval`, async () => {
      const details = place.details() as readonly Detail[] // as: written there
      const task = await sdkTask(w, { details })
      const fetchImpl: typeof fetch = (input, init) => task.fetch(input, init)
      const transports = [new Transport({ fetchImpl })]
      const client = await new ClientFactory({ transports }).createFromUrl(`${place.identifier}/`)
      const rest = { contextId: '', taskId: '', extensions: [], referenceTaskIds: [] }
      const words = `to Rome by ${binding}`
      const message = {
        ...{ messageId: words, role: Role.ROLE_USER, parts: [textPart(words)], ...rest },
        metadata: { skillId: 'book_trip' },
      }
      const wish = { tenant: '', message, configuration: undefined, metadata: undefined }
      const waiting = await client.sendMessage(wish)
      assert.ok('status' in waiting)
      assert.equal(waiting.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED)
      await say(w, `${w.issuer}/approvals/${waiting.id}`, /^Approve once/)
      const done = await client.getTask({ tenant: '', id: waiting.id, historyLength: undefined })
      assert.equal(done.id, waiting.id)
      await planner.says(new RegExp(`asked ${words.replace('+', '\\+')}\n`))
      const read = await client.getTask({ tenant: '', id: waiting.id, historyLength: undefined })
      assert.match(JSON.stringify(read.artifacts), /planned: to Rome/)
    })
})
