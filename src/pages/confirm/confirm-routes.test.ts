import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askConfirmation, readConfirmation } from '../../people/index.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { textContent } from '../frame/testing.ts'
import { testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

const PAYLOAD = {
  text: 'permit (principal, action, resource);\n// everything <b>',
  note: 'x\u200by',
}

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const ada = await pages.person('ada', 'administrators')
  const confirmation = await askConfirmation(pages.parts.people, {
    personId: ada.id,
    operation: 'policies.publish',
    payload: PAYLOAD,
  })
  const path = `/confirm/${confirmation.id}`
  const state = async () =>
    (await readConfirmation(pages.parts.people, confirmation.id, ada.id)).state
  return { pages, ada, confirmation, path, state, browser: await pages.browserOf(ada) }
}

forEachEngine('confirming on a page', (open) => {
  test('shows the operation and exactly its input', async () => {
    const { browser, confirmation, path } = await begin(await open())
    const { body } = await browser.get(path)
    assert.match(textContent(body), /policies\.publish/)
    assert.match(body, /deceive the eye/)
    const shown = /<details[\s\S]*?<pre class="json"[^>]*>([\s\S]*?)<\/pre>/.exec(body)?.[1]
    assert.deepEqual(JSON.parse(textContent(shown ?? '')), JSON.parse(confirmation.payload))
  })

  test('takes a yes or a no, once', async () => {
    for (const answer of ['confirmed', 'refused']) {
      const { browser, path, state } = await begin(await open())
      const form = { ...hiddenFields((await browser.get(path)).body, path), answer }
      assert.equal((await browser.post(path, form)).statusCode, 303)
      assert.equal(await state(), answer)
      assert.equal((await browser.post(path, form)).statusCode, 409)
      assert.doesNotMatch((await browser.get(path)).body, /class="primary"/)
    }
  })

  test('is for the person who asked', async () => {
    const { pages, path, state } = await begin(await open())
    const other = await pages.browserOf(await pages.person('eve', 'administrators'))
    assert.equal((await other.get(path)).statusCode, 404)
    const { csrf = '' } = hiddenFields((await other.get('/')).body, '/sign-out')
    assert.notEqual((await other.post(path, { csrf, answer: 'confirmed' })).statusCode, 303)
    assert.equal(await state(), 'pending')
  })
})
