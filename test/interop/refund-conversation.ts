import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { listTasks } from '../../src/tasks/tasks/index.ts'
import type { Project, RunningProgram } from '../sdk/project.ts'
import { signInSam } from '../sdk/readme-story.ts'
import { approve, sdkTask } from '../sdk/shops.ts'
import type { World } from '../world.ts'
import type { ModelApi } from './model-api.ts'

/** Environment that says where Remit and the identity provider are. */
export function addressesOf(w: World): Readonly<Record<string, string>> {
  return { REMIT_ISSUER: w.issuer, REMIT_GATEWAY: w.gateway, REMIT_PROVIDER: w.provider }
}

/** Environment of an agent whose model is the scripted one. It has no credential of anybody. */
export function environmentOf(w: World, model: ModelApi): Readonly<Record<string, string>> {
  return {
    ...addressesOf(w),
    ...{ OPENAI_BASE_URL: `${model.origin}/v1`, OPENAI_API_KEY: 'none' },
    ...{ OPENAI_AGENTS_DISABLE_TRACING: '1' },
    ...{ ANTHROPIC_BASE_URL: model.origin, ANTHROPIC_API_KEY: 'none' },
  }
}

/** Starts a program for which Sam has to sign in first. */
export async function startSignedIn(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<RunningProgram> {
  await rm(join(project.folder, 'refresh-token'), { force: true })
  const running = project.start(args, env)
  await signInSam(running)
  return running
}

/**
 * Talks with an agent about a refund: it waits for a person, is executed once, and neither again nor
 * for another order. Then its task is closed.
 */
export async function assertRefundsOnce(
  w: World,
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const before = await refunds(w)
  const running = await startSignedIn(project, args, env)
  const say = (text: string) => running.tell(`${text}\n`)
  await running.says(/What can I do for you\?/)
  say('Refund 200.00 of order 1042, please.')
  const [, page = ''] = await running.says(
    /said PENDING, not executed \(approval\.required\)[^\n]*\nA person can approve exactly this call until \S+ at (\S+)\nTell them, then make the same call again/,
  )
  assert.equal(await refunds(w), before, 'nothing is executed before')
  await approve(w, page)
  say('It is approved.')
  await running.says(/said done: ref_1042_\d+/)
  say('It is approved, again.')
  await running.says(/said ALREADY (?:EXECUTED|UNDER WAY), not again/)
  say('And another order, 1043?')
  await running.says(/said DENIED, not executed \(task\.not_covered\)/)
  running.end()
  const { code, said } = await running.ended
  assert.equal(code, 0, said)
  assert.equal(await refunds(w), before + 1)
  await assertClosed(w)
}

/** The newest task of the agent is over. */
export async function assertClosed(w: World): Promise<void> {
  const tasks = await listTasks(w.rooms.storage.read, { agentId: 'refund-bot', limit: 50 })
  assert.deepEqual(
    tasks.filter(({ state }) => state !== 'closed'),
    [],
  )
}

async function refunds(w: World): Promise<number> {
  await using task = await sdkTask(w, { scope: 'orders.list-refunds' })
  const answer = await task.fetch(`${w.gateway}/orders/orders/1042/refunds`)
  const { refunds: made } = (await answer.json()) as { refunds: readonly unknown[] } // the sample's
  return made.length
}
