import assert from 'node:assert/strict'
import type { Detail, Task } from 'remit-sdk'
import { everythingTicked } from '../../examples/refund-desk/browser.ts'
import { clickThrough } from '../../src/programs/dev/identity-provider/click.ts'
import { pendingConsents } from '../../src/tasks/consent/index.ts'
import { deskActions, openDesk } from '../mcp/stranger.ts'
import { World, type WorldOptions } from '../world.ts'
import type { RunningProgram } from './project.ts'
import type { Reader, Readme } from './reader.ts'
import { alsoAllow, approve, sdkTask } from './shops.ts'

/** A Remit as `npm start` has it: with the desk, at which Sam's agent may do everything. */
export async function deskWorld(more: WorldOptions = {}): Promise<World> {
  const w = await World.start('sqlite', { desk: true, nonces: 'auto', ...more })
  await alsoAllow(w, deskActions(w) as readonly Detail[]) // written as details
  await openDesk(w)
  return w
}

/** Sam answers what a program asked while he was not there. */
export async function answerQuestion(w: World): Promise<void> {
  const { id } = await w.person('sam')
  const [asked] = await pendingConsents(w.rooms.storage.read, id, w.clock.now())
  assert.ok(asked)
  const sam = await w.browser('sam')
  const page = await sam.get(`${w.issuer}/consent/${asked.id}`)
  assert.match(page.text, /as on the phone/)
  assert.equal((await sam.submit(page, /^Allow/, everythingTicked(page))).status, 200)
}

/** Sam agrees where a program says that he has to. */
export async function agree(w: World, running: RunningProgram): Promise<void> {
  const [, page = ''] = await running.says(/please agree: (\S+)/)
  const sam = await w.browser('sam')
  const agreed = await sam.submit(await sam.get(page), /^grant$/)
  assert.equal(agreed.status, 200, agreed.text)
}

/** Sam signs in where a program says that he has to. */
export async function signInSam(running: RunningProgram): Promise<void> {
  const [, page = ''] = await running.says(/please sign in: (\S+)/i)
  await fetch(await clickThrough(page, 'sam'))
}

/** People approve two refunds, one after the other. */
export async function approveTwice(w: World, running: RunningProgram): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const [, page = ''] = await running.says(/please approve: (\S+)/)
    await approve(w, page)
    await running.says(/refunded 201/)
  }
}

/** Runs the agent that a sponsor grant is for. Answers what it said. */
export async function runNightly(reader: Reader, title: string): Promise<string> {
  await reader.agent('night-bot')
  const [SPONSOR_GRANT = ''] = /spg_[\w-]{10,}/.exec(await reader.command('sponsor-grants')) ?? []
  return reader.run(title, { SPONSOR_GRANT })
}

/** Task of an agent that buys in the shop of the README, which its person agreed to; and its call. */
export async function buyer(
  w: World,
  reader: Reader,
  identifier: string,
): Promise<{ readonly task: Task; readonly post: RequestInit }> {
  reader.done.add('shop.cedar').add('shop.yaml')
  const detail: Detail = { locations: [identifier], actions: ['shop.buy'], type: 'remit_call' }
  await alsoAllow(w, [{ ...detail, bounds: [] }])
  const headers = { 'content-type': 'application/json' }
  const post = { method: 'POST', headers, body: '{"amount": 12.50}' }
  return { task: await sdkTask(w, { details: [detail] }), post }
}

/** Every block has a title by which it was run, or is a command; `languages` are those of blocks with a title. */
export function assertBlocks(
  readme: Readme,
  languages: readonly string[],
  install: readonly string[],
): void {
  for (const { language, text, title } of readme.blocks)
    assert.ok(
      languages.includes(language) ? title : language === 'sh',
      `${language} ${text.slice(0, 60)}`,
    )
  assert.deepEqual(readme.commands[0]?.trim().split('\n'), install)
}

/** Asserts that all on the page was run: files by their titles, commands by their text. */
export function assertAllRead(readme: Readme, read: ReadonlySet<string>): void {
  for (const title of readme.files.keys()) assert.ok(read.has(title), `${title} was not run`)
  for (const text of readme.commands) assert.ok(read.has(text), `${text} was not run`)
}
