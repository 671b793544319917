import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { testPages } from './testing.ts'

forEachEngine('when something is not there', (open) => {
  test('who is signed in keeps name and navigation, and is told when a page is for administrators', async () => {
    const pages = await testPages(await open())
    const browser = await pages.browserOf(await pages.person('sam'))
    for (const address of [
      '/no-such-page',
      '/tasks/tsk_AAAAAAAAAAAAAAAAAAAAAA',
      '/consent/cns_x',
    ]) {
      const { body, statusCode } = await browser.get(address)
      assert.equal(statusCode, 404, address)
      assert.match(body, /This page does not exist, or you do not have access to it\./, address)
      assert.match(body, /Name of sam/, address)
      assert.match(body, /<nav aria-label="Main">/, address)
      assert.match(body, /action="\/sign-out"/, address)
    }
    for (const address of ['/providers', '/definitions']) {
      const { body, statusCode } = await browser.get(address)
      assert.equal(statusCode, 403, address)
      assert.match(body, /This page is for administrators/, address)
      assert.match(body, /Name of sam/, address)
    }
    const stranger = await pages.browser().get('/no-such-page')
    assert.equal(stranger.statusCode, 404)
    assert.doesNotMatch(stranger.body, /<nav/)
  })
})
