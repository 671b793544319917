import assert from 'node:assert/strict'
import type { OpenTask } from '../agent.ts'
import { assertRequestable } from '../refusals.ts'
import { newKey } from '../signing.ts'
import type { World } from '../world.ts'
import type { ServerProcess } from './server-process.ts'
import type { Traffic } from './traffic.ts'

/**
 * Act that several servers could get wrong together, done once. `servers`: any number of them, of
 * which some may be gone.
 */
export type Act = (w: World, traffic: Traffic, servers: readonly ServerProcess[]) => Promise<void>

/** Calls at every server while the task is closed at the first: whatever is sent after the close has returned is refused. */
export const closeBesideCalls: Act = async (w, traffic, servers) => {
  const task = await w.open()
  await traffic.tokenOf(task)
  const round = () => servers.map(({ agent }) => traffic.call(agent, task))
  const early = round()
  const closed = await w.agent.about(task, 'DELETE', '')
  if (closed.status === 200) traffic.ended(task)
  await Promise.all([...early, ...round(), ...round()])
}

/** Shows one proof to every server at once. */
export const replayEverywhere: Act = async (w, traffic, servers) => {
  const task = await w.open()
  const mark = traffic.mark()
  const proof = await traffic.proof(task, await traffic.tokenOf(task), mark)
  const tries = [...servers, ...servers].map(({ agent }) =>
    traffic.call(agent, task, { mark, proofs: [proof] }),
  )
  await Promise.all(tries)
}

/** Uses one approval at every server at once. */
export const executeEverywhere: Act = async (w, traffic, servers) => {
  const task = await w.open()
  const mark = traffic.mark()
  const asked = await w.agent.call(task, 'DELETE', `/echo/things/${mark}`)
  const fiona = await w.browser('fiona')
  const page = await fiona.get(assertRequestable(asked).page)
  assert.equal((await fiona.submit(page, /^Approve once/)).status, 200)
  const tries = [...servers, ...servers, ...servers].map(({ agent }) =>
    traffic.call(agent, task, { method: 'DELETE', mark }),
  )
  await Promise.all(tries)
}

const BUDGET = 5

/** Makes more calls than the budget allows, spread over all servers. */
export const overdraw: Act = async (w, traffic, servers) => {
  const task = await openWithBudget(w, BUDGET)
  traffic.budget(task, BUDGET)
  await traffic.tokenOf(task)
  const tries = Array.from({ length: 4 }, () =>
    servers.map(({ agent }) => traffic.call(agent, task)),
  )
  await Promise.all(tries.flat())
}

async function openWithBudget(w: World, max: number): Promise<OpenTask> {
  const key = await newKey()
  const wish = { details: w.everything, subjectToken: await w.idToken(), key }
  const form = { budget: JSON.stringify([{ limit: 'calls', max }]) }
  const { body, status, text } = await w.agent.ask(wish, { form })
  assert.equal(status, 200, text)
  return { id: String(body.task_id), token: String(body.access_token), key }
}

export const ACTS: readonly Act[] = [
  closeBesideCalls,
  replayEverywhere,
  executeEverywhere,
  overdraw,
]
