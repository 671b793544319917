import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { World } from '../../world.ts'
import { PythonProject } from '../python-sdk/installed.ts'
import { approveForDesk, PENDING, signInWith, worldForStrangers } from '../strangers.ts'

const PAGE = /(http\S+\/approvals\/req_[\w-]+)/
const SENT = /said Sent message .* to books@example\.com/

describe('a call that people approve, by the official Python client', () => {
  let w: World
  let projects: Readonly<Record<'FRAMEWORKS' | 'OPENAI', PythonProject>>
  before(async () => {
    w = await worldForStrangers({ withProgress: 120_000, without: 120_000 })
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

  /** Starts the client, signs it in, and answers how many messages were sent before. */
  async function start(kind: string, environment: 'FRAMEWORKS' | 'OPENAI', revision: string) {
    const running = projects[environment].start(['ladder.py', kind, `${w.gateway}/desk`])
    const { words } = await signInWith(w, running)
    assert.equal(words, revision, 'the revision that it speaks at its defaults')
    return { running, before: w.desk.book.messages.length }
  }

  for (const [kind, environment, revision, name] of [
    ['held', 'FRAMEWORKS', '2025-11-25', '1.30'],
    ['held2', 'OPENAI', '2026-07-28', '2.3'],
  ] as const)
    it(`${name} is told where it waits, and goes on when it is approved`, async () => {
      const { before, running } = await start(kind, environment, revision)
      const [, page = ''] = await running.says(
        new RegExp(`said Waiting for approval.*${PAGE.source}`),
      )
      assert.equal(w.desk.book.messages.length, before)
      await approveForDesk(w, page)
      await running.says(SENT)
      const { code, said } = await running.ended
      assert.equal(code, 0, said)
      assert.equal(w.desk.book.messages.length, before + 1)
    })

  it('2.3 opens the page where it can, and goes on when it is approved', async () => {
    const { before, running } = await start('opens2', 'OPENAI', '2026-07-28')
    const [, page = ''] = await running.says(
      new RegExp(`said This call waits for approval.* ${PAGE.source}`),
    )
    assert.equal(w.desk.book.messages.length, before)
    await approveForDesk(w, page)
    running.tell('opened\n')
    await running.says(SENT)
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    assert.equal(w.desk.book.messages.length, before + 1)
  })

  it('2.3 whose person does not open the page reads PENDING, and the retry is executed once', async () => {
    const { before, running } = await start('declines2', 'OPENAI', '2026-07-28')
    await running.says(/said This call waits for approval/)
    running.tell('no\n')
    const [, page = ''] = await running.says(PENDING)
    await approveForDesk(w, page)
    assert.equal(w.desk.book.messages.length, before)
    running.tell('it is approved\n')
    await running.says(SENT)
    running.tell('bye\n')
    const { code, said } = await running.ended
    assert.equal(code, 0, said)
    assert.equal(w.desk.book.messages.length, before + 1)
  })
})
