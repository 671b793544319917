import assert from 'node:assert/strict'
import { everythingTicked } from '../../examples/refund-desk/browser.ts'
import { listAgents } from '../../src/agents/index.ts'
import { addAdmissionRule } from '../../src/client-metadata/index.ts'
import { listTasks } from '../../src/tasks/index.ts'
import { deskActions, openDesk } from '../mcp/stranger.ts'
import type { Running } from '../sdk/project.ts'
import { World } from '../world.ts'

/** A world that lets programs on people's computers in, at its desk. */
export async function worldForStrangers(): Promise<World> {
  const w = await World.start('sqlite', { desk: true })
  await openDesk(w)
  const { id } = await w.person('ada')
  await addAdmissionRule(w.rooms.agents, {
    ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
    ...{ ceiling: deskActions(w), ownerId: id, by: id },
  })
  return w
}

/**
 * Lets a program that knows an address and nothing else have its conversation of three tools, twice: its person is asked once, and
 * both runs are one agent with a task each.
 */
export async function assertAskedOnce(
  w: World,
  kind: string,
  start: (address: string) => Running,
): Promise<void> {
  const first = await converse(w, start)
  assert.equal(first.asked, 1, first.said)
  assert.match(first.said, /said .*three of five books/)
  assert.doesNotMatch(first.said, /not executed/i)
  const again = await converse(w, start)
  assert.equal(again.asked, 0, again.said)
  const { read } = w.rooms.storage
  const agents = await listAgents(read, { limit: 50 })
  const [agent, ...more] = agents.filter(({ name }) => name.startsWith(`Stranger in ${kind} `))
  assert.ok(agent && more.length === 0, 'one agent')
  const tasks = await listTasks(read, { agentId: agent.id, limit: 5 })
  assert.equal(tasks.length, 2, 'one task for each run, however many sessions it had')
}

/** Runs a program to its end, and answers for its person; how often they were asked. */
async function converse(w: World, start: (address: string) => Running) {
  const running = start(`${w.gateway}/desk`)
  const sam = await w.browser('sam')
  let asked = 0
  for (;;) {
    const sent = await running.says(/open (\S+)\n/).catch(() => undefined)
    if (!sent) break
    const page = await sam.get(String(sent[1]))
    if (!/act for you\?/.test(page.text)) continue
    asked++
    await sam.submit(page, /^grant$/, everythingTicked(page))
  }
  const { code, said } = await running.ended
  assert.equal(code, 0, said)
  return { asked, said }
}
