import assert from 'node:assert/strict'
import { everythingTicked } from '../../examples/refund-desk/browser.ts'
import { listAgents } from '../../src/identity/agents/index.ts'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import { deskActions, openDesk } from '../mcp/stranger.ts'
import type { RunningProgram } from '../sdk/project.ts'
import { World } from '../world.ts'

/** Short, so that a call that waits for people is told as a result, also to clients that give up after five seconds. */
const BRIEFLY = { withProgress: 500, without: 500 }

/** A world that lets programs on people's computers in, at its desk. Calls that wait for people are held as long as it says. */
export async function worldForStrangers(hold = BRIEFLY): Promise<World> {
  const w = await World.start('sqlite', { desk: true, mcp: { hold } })
  await openDesk(w)
  const { id } = await w.person('ada')
  await addAdmissionRule(w.rooms.agents, {
    ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
    ...{ ceiling: deskActions(w), ownerId: id, by: id },
  })
  return w
}

/**
 * Lets a program that knows an address and nothing else have its conversation of three tools and a message that people have to
 * approve, twice: its person is asked once, each message is sent once, and both runs are one agent with a task each.
 */
export async function assertAskedOnce(
  w: World,
  kind: string,
  start: (address: string) => RunningProgram,
): Promise<void> {
  assert.equal(await converse(w, start), 1)
  assert.equal(await converse(w, start), 0)
  const { read } = w.rooms.storage
  const agents = await listAgents(read, { limit: 50 })
  const [agent, ...more] = agents.filter(({ name }) => name.startsWith(`Stranger in ${kind} `))
  assert.ok(agent && more.length === 0, 'one agent')
  const tasks = await listTasks(read, { agentId: agent.id, limit: 5 })
  assert.equal(tasks.length, 2, 'one task for each run, however many sessions it had')
}

/** Runs a program to its end, and answers for its person and for those who approve; how often its person was asked. */
async function converse(w: World, start: (address: string) => RunningProgram): Promise<number> {
  const running = start(`${w.gateway}/desk`)
  const { messages } = w.desk.book
  const before = messages.length
  const { asked, words } = await signInWith(w, running)
  assert.match(words, /three of five books/)
  running.tell('go on\n')
  const [, page = ''] = await running.says(PENDING)
  assert.equal(messages.length, before)
  await approveForDesk(w, page)
  running.tell('it is approved\n')
  await running.says(/said .*Sent message .* to books@example\.com/)
  running.tell('the same again\n')
  await running.says(/said .*is not executed again/)
  running.tell('bye\n')
  const { code, said } = await running.ended
  assert.equal(code, 0, said)
  assert.equal(messages.length, before + 1, 'the approved call is made once')
  return asked
}

/** Words that a model reads of a call that waits for people, with the page where they answer. */
export const PENDING = /said .*PENDING, not executed.* (http\S+\/approvals\/req_[\w-]+).*\n/

/** Answers for the person of a program until it says something. */
export async function signInWith(w: World, running: RunningProgram) {
  const sam = await w.browser('sam')
  for (let asked = 0; ; ) {
    const [, url, words] = await running.says(/open (\S+)\n|said (.*)\n/)
    if (url === undefined) return { asked, words: words ?? '' }
    const page = await sam.get(url)
    if (!/act for you\?/.test(page.text)) continue
    asked++
    await sam.submit(page, /^grant$/, everythingTicked(page))
  }
}

/** Approves a message: the rules of the desk want finance, the shipped ones an administrator where there is no key. */
export async function approveForDesk(w: World, page: string): Promise<void> {
  for (const person of ['ada', 'fiona'] as const) {
    const browser = await w.browser(person)
    const answered = await browser.submit(await browser.get(page), /^Approve once/)
    assert.equal(answered.status, 200, answered.text)
  }
}
