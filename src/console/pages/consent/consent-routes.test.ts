import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setDisplay } from '../../../catalog/catalog-changes/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { basesOfPerson, findConsent } from '../../../tasks/consent/index.ts'
import { textContent } from '../frame/testing.ts'
import { detail, refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'
import { consentAsked } from './testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const ada = await pages.person('ada', 'administrators')
  await refundBot(pages, ada)
  const id = await consentAsked(pages, sam)
  const { read } = pages.parts.decisions.storage
  return {
    pages,
    ada,
    sam,
    path: `/consent/${id}`,
    browser: await pages.browserOf(sam),
    state: async () => (await findConsent(read, id))?.state,
    bases: () => basesOfPerson(read, sam.id, pages.clock.now()),
  }
}

/** The form as it is, untouched. */
const UNTOUCHED = {
  'detail-0': 'yes',
  'detail-1': 'yes',
  'bound-1-0': '1000.00',
  lifetime: 'week',
}

forEachEngine('the consent page', (open) => {
  test('says who asks, in whose words, and what for', async () => {
    const { browser, path } = await begin(await open())
    const { body } = await browser.get(path)
    const text = textContent(body)
    for (const part of [
      'Let refund-bot act for you?',
      'Handles refunds <b>fast</b>',
      'Name of ada',
      'Internal',
      'registered by an administrator',
      'refund order 1042 <i>now</i>',
      'Written by the agent. Not verified.',
      'Read orders',
      'Refund orders',
    ]) {
      assert.ok(text.includes(part), part)
    }
    assert.match(body, /name="bound-1-0" value="1000.00"/)
    assert.match(text.replaceAll(/\s+/g, ' '), /Low risk.*Read orders.*High risk.*Refund orders/)
    assert.match((await browser.get('/')).body, new RegExp(path))
  })

  test('says limits with the unit that the catalog states, where all actions have the same', async () => {
    const { browser, pages, path, sam } = await begin(await open())
    const catalog = { ...pages.parts.decisions, revalidate: async () => {} }
    const amount = { path: '/amount', display: 'currency:EUR', by: 'operator' }
    await setDisplay(catalog, { action: 'orders.refund', ...amount })
    const said = async (at: string) => textContent((await browser.get(at)).body)
    assert.match(await said(path), /only where amount is at most 1000\.00 EUR/)
    const both = detail('orders.refund', { path: '/amount', op: 'lte', value: '1000.00' })
    const actions = ['orders.refund', 'orders.read']
    const mixed = await consentAsked(pages, sam, 'count', [{ ...both, actions }])
    assert.match(await said(`/consent/${mixed}`), /only where amount is at most 1000\.00(?! EUR)/)
  })

  test('says who stands for the name of an agent that no administrator registered, if anybody does', async () => {
    const { pages, sam } = await begin(await open())
    const { storage } = pages.parts.decisions
    const browser = await pages.browserOf(sam)
    const shown = async (known: object, purpose: string) => {
      await storage.transaction((tx) =>
        tx.updateTable('agents').set(known).where('id', '=', 'refund-bot').execute(),
      )
      const { body } = await browser.get(`/consent/${await consentAsked(pages, sam, purpose)}`)
      return textContent(body).replaceAll(/\s+/g, ' ')
    }
    assert.match(await shown({ admission: '' }, 'one'), /self-registered, name not verified/)
    const document = await shown({ client_url: 'https://app.example/c.json' }, 'two')
    assert.match(document, /refund-bot name not verified.*It is from ?app\.example/)
    const vouched = await shown({ issuer: 'partner' }, 'three')
    assert.match(vouched, /named by who vouches for it.*Vouched for by ?the issuer partner/)
  })

  test('writes out what cannot be seen in a field', async () => {
    const { browser, pages, sam } = await begin(await open())
    const bounds = [{ path: '/order_id', op: 'prefix', value: 'EU\u200b-' }] as const
    const asked = [{ ...detail('orders.read'), bounds }]
    const { body } = await browser.get(`/consent/${await consentAsked(pages, sam, 'x', asked)}`)
    assert.match(textContent(body), /asked for is EU\\u\{200b\}-/)
  })

  test('grants what is left, for as long as was chosen', async () => {
    const { bases, browser, pages, path, state } = await begin(await open())
    const done = await browser.submit(path, path, {
      answer: 'grant',
      'detail-1': 'yes',
      'bound-1-0': '50.00',
      lifetime: 'hour',
    })
    assert.equal(done.statusCode, 303)
    assert.equal(await state(), 'granted')
    const [basis] = await bases()
    assert.deepEqual(
      basis?.details.map(({ actions, bounds }) => ({ actions, bounds })),
      [{ actions: ['orders.refund'], bounds: [{ path: '/amount', op: 'lte', value: '50.00' }] }],
    )
    assert.equal(basis?.expiresAt, pages.clock.now() + 3_600_000)
    assert.match((await browser.get(path)).body, /You allowed this/)
    assert.match((await browser.get('/tasks')).body, /Take it back/)
  })

  test('cannot be made to grant more, or nothing', async () => {
    const { bases, browser, path, state } = await begin(await open())
    for (const change of [
      { 'bound-1-0': '1000.01' },
      { 'bound-1-0': '' },
      { 'bound-1-0': 'much' },
      { 'detail-0': '', 'detail-1': '' },
    ]) {
      const answer = await browser.submit(path, path, { ...UNTOUCHED, answer: 'grant', ...change })
      assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, JSON.stringify(change))
      assert.match(answer.body, /Nothing was granted/)
      const again = `name="bound-1-0" value="${change['bound-1-0'] ?? '1000.00'}"`
      assert.ok(answer.body.includes(again), 'what was typed is still there')
      const out = change['detail-0'] === ''
      assert.equal(
        /name="detail-0" value="yes" checked/.test(answer.body),
        !out,
        'taken out stays out',
      )
      assert.match(answer.body, /value="week" selected/)
    }
    assert.equal(await state(), 'pending')
    assert.deepEqual(await bases(), [])
  })

  test('says yes by its button alone, never by Enter in a field', async () => {
    const { browser, path } = await begin(await open())
    const { body } = await browser.get(path)
    const [form = ''] = new RegExp(`<form[^>]* action="${path}"[\\s\\S]*?</form>`).exec(body) ?? []
    assert.match(/<button[^>]*>/.exec(form)?.[0] ?? '', / disabled/)
    assert.match(form, /<button class="primary" name="answer" value="grant">/)
  })

  test('takes a no', async () => {
    const { bases, browser, path, state } = await begin(await open())
    await browser.submit(path, path, { ...UNTOUCHED, answer: 'deny' })
    assert.equal(await state(), 'denied')
    assert.deepEqual(await bases(), [])
    assert.match((await browser.get(path)).body, /You said no/)
  })

  test('does not exist for anyone else, administrators included', async () => {
    const { ada, pages, path, state } = await begin(await open())
    const browser = await pages.browserOf(ada)
    assert.equal((await browser.get(path)).statusCode, 404)
    const { csrf = '' } = hiddenFields((await browser.get('/')).body, '/sign-out')
    const answer = await browser.post(path, { ...UNTOUCHED, csrf, answer: 'grant' })
    assert.equal(answer.statusCode, 404)
    assert.equal(await state(), 'pending')
  })
})
