import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  askConfirmation,
  type ChangeSummary,
  readConfirmation,
} from '../../identity/sessions/index.ts'
import type { Canonical } from '../../platform/lib/canonical-json.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { textContent } from './frame/testing.ts'
import { testPages } from './testing.ts'
import { hiddenFields } from './visiting/testing.ts'

const PAYLOAD = {
  text: 'permit (principal, action, resource);\n// everything <b>',
  note: 'x\u200by',
}

async function begin(storage: Storage, payload: Canonical = PAYLOAD, meaning?: ChangeSummary) {
  const pages = await testPages(storage)
  const ada = await pages.person('ada', 'administrators')
  const confirmation = await askConfirmation(pages.parts.people, {
    personId: ada.id,
    operation: 'policies.publish',
    payloadOf: () => payload,
    ...(meaning ? { meaning } : {}),
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
    assert.match(body, /look-alike or invisible characters/)
    const shown = /The whole input, byte[\s\S]*?<pre class="json"[^>]*>([\s\S]*?)<\/pre>/.exec(
      body,
    )?.[1]
    assert.deepEqual(JSON.parse(textContent(shown ?? '')), JSON.parse(confirmation.payload))
  })

  test('says in a sentence what will happen, what changes, and for whom; indentation is no deception', async () => {
    const meaning: ChangeSummary = {
      sentence: 'Put these policies in force: 1 rule added',
      facts: [['Reached at', 'https://notes.example']],
      changes: [
        {
          sign: '+',
          what: 'refunds: new',
          notes: ['permits'],
          lines: [{ sign: '+', text: '    action,' }],
        },
      ],
      against: 'Rules, against version 3 in force',
      consequences: ['refund-bot could do orders.refund, and could not before'],
    }
    const text = 'permit (\n  principal,\n    action,\n  resource\n);'
    const { browser, path } = await begin(await open(), { body: { text } }, meaning)
    const { body } = await browser.get(path)
    assert.match(
      body,
      /<h1 class="sentence"><bdi>Put these policies in force: 1 rule added<\/bdi><\/h1>/,
    )
    assert.doesNotMatch(body, /look-alike or invisible|u\{20\}/)
    const shown = textContent(body).replaceAll(/\s+/g, ' ')
    for (const part of [
      'https://notes.example',
      'Rules, against version 3 in force',
      'refunds: new',
      'refund-bot could do orders.refund, and could not before',
    ])
      assert.ok(shown.includes(part), part)
    assert.doesNotMatch(shown, /until in /)
    const [form = ''] = /<form class="answering"[\s\S]*?<\/form>/.exec(body) ?? []
    assert.match(
      form,
      /id="changes"[\s\S]*id="all"[\s\S]*<div class="answer"[\s\S]*value="confirmed"/,
    )
  })

  test('folds many lines that change nothing by themselves, and leaves none out', async () => {
    const line = (sign: '=' | '~', what: string) => ({ sign, what, notes: [], lines: [] })
    const quiet = Array.from({ length: 40 }, (_, i) => line('=', `quiet ${i}.`))
    const changes = [...quiet, line('~', 'loud one')]
    const meaning: ChangeSummary = { sentence: 'Accept 41', facts: [], changes, consequences: [] }
    const { browser, path } = await begin(await open(), PAYLOAD, meaning)
    const { body } = await browser.get(path)
    assert.match(body, /loud one[\s\S]*<summary>40 that change nothing by themselves<\/summary>/)
    for (const { what } of changes) assert.ok(textContent(body).includes(what), what)
  })

  test('what is too long to stand on the page is a file of exactly the bytes whose digest is shown', async () => {
    const document = 'x'.repeat(200_000)
    const { ada, browser, confirmation, pages, path } = await begin(await open(), {
      body: { document },
    })
    const { body } = await browser.get(path)
    assert.ok(body.length < 40_000, `${body.length} characters`)
    const file = await browser.get(`${path}/input`)
    assert.equal(file.body, confirmation.payload)
    assert.match(String(file.headers['content-disposition']), /^attachment; filename="cnf_/)
    const digest = createHash('sha256').update(file.body).digest('base64url')
    assert.ok(body.includes(`sha256:${digest}`))
    const other = await pages.browserOf(await pages.person('eve', 'administrators'))
    assert.equal((await other.get(`${path}/input`)).statusCode, 404)
    assert.equal(ada.name, 'Name of ada')
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
