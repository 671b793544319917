import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { textContent } from '../frame/testing.ts'
import { openedTask } from '../task/testing.ts'
import { refundBot, testPages } from '../testing.ts'
import { decided } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const olga = await pages.person('olga')
  const ada = await pages.person('ada', 'administrators')
  await refundBot(pages, olga)
  const { decisions } = pages.parts
  const { version } = await publishPolicies(
    { ...decisions, catalog: decisions.catalog },
    {
      text: '@id("no-reading")\nforbid (principal, action == Action::"orders.read", resource);',
      by: ada.id,
      note: '',
    },
  )
  const task = await openedTask(pages, sam)
  const id = await decided(pages, task, version)
  return { pages, sam, olga, ada, path: `/decisions/${id}` }
}

forEachEngine('the page of a decision', (open) => {
  test('tells the person and the owner why, without policies', async () => {
    const { pages, sam, olga, path } = await begin(await open())
    for (const person of [sam, olga]) {
      const page = await (await pages.browserOf(person)).get(path)
      assert.equal(page.statusCode, 200)
      const text = textContent(page.body)
      assert.match(text, /Read orders: refused/)
      assert.match(text, /The policies do not let refund-bot do this\./)
      assert.match(text, /What would be enough: another policy/)
      assert.doesNotMatch(page.body, /forbid|no-reading|for operators/)
    }
  })

  test('shows administrators the rule as it was written', async () => {
    const { pages, ada, path } = await begin(await open())
    const { body } = await (await pages.browserOf(ada)).get(path)
    const text = textContent(body)
    assert.match(text, /@id\("no-reading"\)\nforbid \(principal, action == /)
    assert.match(text, /for operators/)
  })

  test('is nobody else’s', async () => {
    const { pages, path } = await begin(await open())
    const browser = await pages.browserOf(await pages.person('nils'))
    assert.equal((await browser.get(path)).statusCode, 404)
    assert.equal((await browser.get('/decisions/dec_unknown')).statusCode, 404)
  })
})
