import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { everythingTicked } from '../../../examples/refund-desk/browser.ts'
import { listAgents } from '../../../src/agents/index.ts'
import { addAdmissionRule } from '../../../src/client-metadata/index.ts'
import { listTasks } from '../../../src/tasks/index.ts'
import { deskActions, openDesk } from '../../mcp/stranger.ts'
import { World } from '../../world.ts'
import { PythonProject } from '../python-sdk/installed.ts'

type Environment = 'FRAMEWORKS' | 'OPENAI'

describe('clients that know an address only: one conversation, three tools, one consent', () => {
  let w: World
  let projects: Readonly<Record<Environment, PythonProject>>
  before(async () => {
    w = await World.start('sqlite', { desk: true })
    await openDesk(w)
    const { id } = await w.person('ada')
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(w), ownerId: id, by: id },
    })
    projects = {
      FRAMEWORKS: await PythonProject.make('FRAMEWORKS'),
      OPENAI: await PythonProject.make('OPENAI'),
    }
    for (const { folder } of Object.values(projects))
      for (const name of await readdir(import.meta.dirname))
        if (name.endsWith('.py')) await cp(join(import.meta.dirname, name), join(folder, name))
  })
  after(async () => {
    for (const project of Object.values(projects ?? {})) await project.remove()
    await w?.stop()
  })

  /** Runs it to its end; how often its person was asked. */
  async function converse(kind: string, environment: Environment) {
    const running = projects[environment].start(['stranger.py', kind, `${w.gateway}/desk`])
    const sam = await w.browser('sam')
    let asked = 0
    let over = false
    const ended = running.ended.finally(() => {
      over = true
    })
    while (!over) {
      const sent = await Promise.race([running.says(/open (\S+)\n/).catch(() => undefined), ended])
      if (!Array.isArray(sent)) break
      const page = await sam.get(String(sent[1]))
      if (!/act for you\?/.test(page.text)) continue
      asked++
      await sam.submit(page, /^grant$/, everythingTicked(page))
    }
    const { code, said } = await ended
    assert.equal(code, 0, said)
    return { asked, said }
  }

  const KINDS = {
    client: ['FRAMEWORKS', 'the official client, 1.30'],
    client2: ['OPENAI', 'the official client, 2.3'],
    langchain: ['FRAMEWORKS', 'LangChain, at the defaults of `langchain-mcp-adapters`'],
    openai: ['OPENAI', 'the OpenAI Agents SDK'],
  } as const
  for (const [kind, [environment, name]] of Object.entries(KINDS))
    it(`${name}: and a second run is the same agent, and asks nobody`, async () => {
      const first = await converse(kind, environment)
      assert.equal(first.asked, 1, first.said)
      assert.match(first.said, /said .*three of five books/)
      assert.doesNotMatch(first.said, /not executed/i)
      const again = await converse(kind, environment)
      assert.equal(again.asked, 0, again.said)
      const { read } = w.rooms.storage
      const agents = await listAgents(read, { limit: 50 })
      const [agent, ...more] = agents.filter((each) => each.name.startsWith(`Stranger in ${kind} `))
      assert.ok(agent && more.length === 0, 'one agent')
      const tasks = await listTasks(read, { agentId: agent.id, limit: 5 })
      assert.equal(tasks.length, 2, 'one task for each run, however many sessions it had')
    })
})
