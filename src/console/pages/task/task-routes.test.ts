import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findBasis, grantBasis } from '../../../tasks/consent/index.ts'
import { findTask } from '../../../tasks/tasks/index.ts'
import { detail, refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'
import { openedTask } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const olga = await pages.person('olga')
  const ada = await pages.person('ada', 'administrators')
  const nils = await pages.person('nils')
  await refundBot(pages, olga)
  const task = await openedTask(pages, sam)
  const path = `/tasks/${task.id}`
  const { read } = pages.parts.decisions.storage
  const state = async () => (await findTask(read, task.id))?.state
  return { pages, sam, olga, ada, nils, task, path, state, read }
}

forEachEngine('the page of a task', (open) => {
  test('is for the person, the owner of the agent and administrators', async () => {
    const { pages, sam, olga, ada, nils, path } = await begin(await open())
    for (const [person, status, suspend] of [
      [sam, 200, false],
      [olga, 200, true],
      [ada, 200, true],
      [nils, 404, false],
    ] as const) {
      const page = await (await pages.browserOf(person)).get(path)
      assert.equal(page.statusCode, status, person.name)
      assert.equal(page.body.includes(`${path}/suspend`), suspend, person.name)
      assert.equal(page.body.includes(`${path}/end`), status === 200, person.name)
    }
  })

  test('ends it', async () => {
    const { pages, sam, path, read, task } = await begin(await open())
    const browser = await pages.browserOf(sam)
    const done = await browser.submit(path, `${path}/end`, {})
    assert.equal(done.headers.location, path)
    const closed = await findTask(read, task.id)
    assert.equal(closed?.state, 'closed')
    assert.equal(closed?.closeReason, 'person')
    const page = await browser.get(path)
    assert.match(page.body, /it was ended by hand/)
    assert.doesNotMatch(page.body, /End task/)
  })

  test('suspends and resumes it, for those who may', async () => {
    const { pages, sam, ada, path, state } = await begin(await open())
    const browser = await pages.browserOf(ada)
    await browser.submit(path, `${path}/suspend`, {})
    assert.equal(await state(), 'suspended')
    await browser.submit(path, `${path}/resume`, {})
    assert.equal(await state(), 'open')
    const other = await pages.browserOf(sam)
    const { csrf = '' } = hiddenFields((await other.get(path)).body, `${path}/end`)
    assert.equal((await other.post(`${path}/suspend`, { csrf })).statusCode, 404)
    assert.equal(await state(), 'open')
  })

  test('and what was closed cannot be resumed', async () => {
    const { pages, ada, path } = await begin(await open())
    const browser = await pages.browserOf(ada)
    const form = hiddenFields((await browser.get(path)).body, `${path}/end`)
    await browser.post(`${path}/end`, form)
    const answer = await browser.post(`${path}/resume`, form)
    assert.equal(answer.statusCode, 409)
    assert.match(answer.body, /Nothing was changed/)
  })
})

forEachEngine('what agents may do', (open) => {
  test('is taken back by the person, and ends the tasks that stand on it', async () => {
    const { pages, sam, nils, read } = await begin(await open())
    const basis = await grantBasis(pages.parts.decisions, {
      personId: sam.id,
      agentId: 'refund-bot',
      kind: 'consent',
      details: [detail('orders.read')],
      grantedBy: sam.id,
    })
    const task = await openedTask(pages, sam, { bases: [basis.id] })
    const path = `/bases/${basis.id}/end`
    const other = await pages.browserOf(nils)
    const { csrf = '' } = hiddenFields((await other.get('/')).body, '/sign-out')
    assert.equal((await other.post(path, { csrf })).statusCode, 404)
    assert.equal((await findBasis(read, basis.id))?.endedAt, null)
    const browser = await pages.browserOf(sam)
    await browser.submit('/tasks', path, {})
    assert.notEqual((await findBasis(read, basis.id))?.endedAt, null)
    assert.equal((await findTask(read, task.id))?.state, 'closed')
  })
})
