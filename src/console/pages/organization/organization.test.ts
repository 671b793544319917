import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerRequest, shownDigest } from '../../../approvals/approvals/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { askedFor } from '../approval/testing.ts'
import { decided } from '../decision/testing.ts'
import { textContent } from '../frame/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'

forEachEngine('the pages of the organization', (open) => {
  test('show an administrator what waits, works, was refused and was answered, and nobody else', async () => {
    const pages = await testPages(await open())
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    const ada = await pages.person('ada', 'administrators')
    await refundBot(pages, sam)
    const task = await openedTask(pages, sam)
    await decided(pages, task, 0)
    const answered = await askedFor(pages, task, { amount: '901.00' })
    const shown = shownDigest(answered)
    await answerRequest(pages.parts.decisions, {
      ...{ requestId: answered.id, person: fiona, answer: 'deny', shown, authTime: 1 },
    })
    const waiting = []
    for (let i = 0; i < 9; i++) waiting.push(await askedFor(pages, task, { amount: `9${i}.00` }))
    const browser = await pages.browserOf(ada)
    const textOf = async (path: string) => textContent((await browser.get(path)).body)

    assert.match((await browser.get('/')).body, /href="\/organization"/)
    const first = (await browser.get('/organization')).body
    for (const { id } of waiting) assert.ok(first.includes(id))
    assert.ok(!first.includes(answered.id))
    assert.match(await textOf('/organization?list=tasks'), /refund order 1042/)
    assert.match(
      await textOf('/organization?list=agents'),
      /refund-bot[\s\S]*Name of sam[\s\S]*active/,
    )
    assert.match(await textOf('/organization?list=refusals'), /Read orders[\s\S]*Refused/)
    assert.match(await textOf('/organization?list=break-glass'), /No call was approved alone/)
    assert.match(await textOf('/organization?list=answers'), /Name of fiona[\s\S]*0 %/)
    assert.match(await textOf('/organization?list=constructor&after=x'), /Waiting for people/)

    const other = await pages.browserOf(fiona)
    assert.doesNotMatch((await other.get('/')).body, /href="\/organization"/)
    assert.equal((await other.get('/organization')).statusCode, 403)
  })
})
