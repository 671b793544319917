import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../src/approvals/access-requests/index.ts'
import { askedFor } from '../../src/console/pages/approval/testing.ts'
import { openedTask } from '../../src/console/pages/task/testing.ts'
import { ORIGIN, refundBot, testPages } from '../../src/console/pages/testing.ts'
import { hiddenFields, type TestBrowser } from '../../src/console/pages/visiting/testing.ts'
import { slackDesk } from '../../src/extensions/slack/testing.ts'
import { SoftwareAuthenticator } from '../../src/identity/passkeys/testing.ts'
import { ExactNumber } from '../../src/platform/lib/json.ts'
import type { Storage } from '../../src/platform/storage/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { requestOperations } from '../request-operations.ts'

// The binding-mutation matrix: a yes is to what was shown. Whatever of it is another by the time of the answer, or whatever of the
// answer is not what the page made, the answer is refused and the request waits on. The executed side: test/flows/approval.test.ts.

const DIFFERS = { code: 'approval.shown_differs' }

type Fields = Readonly<Record<string, string>>

/** Columns of a request that its page shows, with another value of each. */
const SHOWN: Readonly<Record<string, (text: string) => string | number>> = {
  call: (text) => text.replace('900.00', '9000.00'),
  call_hash: () => 'x'.repeat(43),
  text: (text) => text.replace('900.00', '9.00'),
  template_digest: () => 'other',
  'ask, what it lifts': (text) => text.replace('large-refunds-ask', 'everything-asks'),
  'ask, the text of a rule': (text) => text.replace('"digest":"d1"', '"digest":"d2"'),
  'ask, how long': (text) => text.replace('"lifetimeSeconds":3600', '"lifetimeSeconds":36000'),
  policy_version: (text) => Number(text) + 1,
  nonce: () => 'another-nonce',
  expires_at: (text) => Number(text) + 60_000,
}

interface PreparedAnswer {
  /** Fields of a yes, from the page as it is shown now. */
  readonly fields: (page: string) => Promise<Fields>
  /** Fields that must not be others. */
  readonly bound: (page: string) => readonly string[]
}

interface Way {
  readonly ask?: Parameters<typeof askedFor>[3]
  /** Fields without which the page to sign is shown again. */
  readonly signsAgain?: readonly string[]
  /** Path that the answer is posted to. */
  readonly to?: (page: string) => string
  prepare(browser: TestBrowser): Promise<PreparedAnswer>
}

const unescaped = (text = '') =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

function optionsIn(body: string, action: string): string {
  const form = body.split('<form').find((each) => each.includes(` action="${action}"`)) ?? ''
  return unescaped(/ data-options="([^"]*)"/.exec(form)?.[1])
}

async function enrolled(browser: TestBrowser): Promise<SoftwareAuthenticator> {
  const authenticator = new SoftwareAuthenticator(ORIGIN)
  const { body } = await browser.get('/passkeys')
  await browser.post('/passkeys', {
    ...{ ...hiddenFields(body, '/passkeys'), name: 'Phone' },
    assertion: authenticator.register(optionsIn(body, '/passkeys')),
  })
  return authenticator
}

/** Fields of a yes that is signed on this page. */
function signed(authenticator: SoftwareAuthenticator, body: string, page: string): Fields {
  const assertion = authenticator.sign(optionsIn(body, page))
  return { ...hiddenFields(body, page), assertion, answer: 'approve' }
}

const WAYS: Readonly<Record<string, Way>> = {
  'the page': {
    prepare: async (browser) => ({
      fields: async (page) => ({
        ...hiddenFields((await browser.get(page)).body, page),
        answer: 'approve',
      }),
      bound: () => ['shown', 'csrf'],
    }),
  },
  'the page with changes': {
    ask: { editable: ['/amount'] },
    prepare: async (browser) => ({
      async fields(page) {
        const shown = await browser.submit(page, `${page}/edit`, { 'edit-0': '500.00' })
        const hidden = hiddenFields(shown.body, page)
        return { ...hidden, edits: unescaped(hidden.edits), answer: 'approve' }
      },
      bound: () => ['shown', 'edits', 'csrf'],
    }),
  },
  'the page, for more than once': {
    prepare: async (browser) => ({
      async fields(page) {
        const more = { scope: 'task', often: 'some', uses: '5', 'how-0': 'is', 'how-1': 'is' }
        const shown = await browser.submit(page, `${page}/allowance`, more)
        const hidden = hiddenFields(shown.body, page)
        return { ...hidden, allowance: unescaped(hidden.allowance), answer: 'approve' }
      },
      bound: () => ['shown', 'allowance', 'csrf'],
    }),
  },
  'the page of several': {
    to: (page) => `${page}/together`,
    prepare: async (browser) => ({
      async fields(page) {
        const to = `${page}/together`
        const shown = hiddenFields((await browser.get(to)).body, to)
        return { ...shown, [`pick-${page.split('/').at(-1)}`]: 'yes', answer: 'approve' }
      },
      bound: (page) => [`shown-${page.split('/').at(-1)}`, 'csrf'],
    }),
  },
  'a passkey': {
    ask: { signature: 'passkey' },
    async prepare(browser) {
      const authenticator = await enrolled(browser)
      return {
        fields: async (page) => signed(authenticator, (await browser.get(page)).body, page),
        bound: () => ['shown', 'ticket', 'assertion', 'csrf'],
      }
    },
  },
  'a passkey, with changes': {
    ask: { editable: ['/amount'], signature: 'passkey' },
    async prepare(browser) {
      const authenticator = await enrolled(browser)
      return {
        async fields(page) {
          const shown = await browser.submit(page, `${page}/edit`, { 'edit-0': '500.00' })
          const fields = signed(authenticator, shown.body, page)
          return { ...fields, edits: unescaped(fields.edits) }
        },
        bound: () => ['shown', 'edits', 'ticket', 'assertion', 'csrf'],
      }
    },
  },
  'a passkey, for several': {
    ask: { signature: 'passkey' },
    to: (page) => `${page}/together`,
    signsAgain: ['ticket', 'assertion'],
    async prepare(browser) {
      const authenticator = await enrolled(browser)
      return {
        async fields(page) {
          const to = `${page}/together`
          const pick = { [`pick-${page.split('/').at(-1)}`]: 'yes', answer: 'approve' }
          const shown = await browser.submit(to, to, pick)
          return signed(authenticator, shown.body, to)
        },
        bound: (page) => [`shown-${page.split('/').at(-1)}`, 'ticket', 'assertion', 'csrf'],
      }
    },
  },
}

async function change({ read, transaction }: Storage, id: string, name: string): Promise<void> {
  const [column = ''] = name.split(',')
  const row = await read
    .selectFrom('access_requests')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const before = Reflect.get(row, column)
  const text = typeof before === 'object' ? JSON.stringify(before) : String(before)
  const after = SHOWN[name]?.(text)
  assert.notEqual(String(after), text, `${name} is another`)
  await transaction((tx) =>
    tx
      .updateTable('access_requests')
      .set({ [column]: after })
      .where('id', '=', id)
      .execute(),
  )
}

forEachEngine('A1: a yes is to what was shown', (open) => {
  test('by a button in Slack: anything else is refused, and the request waits on', async () => {
    const storage = await open()
    const pages = await testPages(storage)
    const sam = await pages.person('sam', 'support')
    await refundBot(pages, sam)
    const desk = await slackDesk(pages, await pages.person('fiona', 'finance'))
    const begin = async () => {
      const { id } = await askedFor(pages, await openedTask(pages, sam), undefined, {
        risk: 'medium',
      })
      const state = async () => (await findRequest(pages.parts.decisions, id))?.state
      return { id, message: await desk.message(), state }
    }
    for (const column of Object.keys(SHOWN)) {
      const { id, message, state } = await begin()
      await change(storage, id, column)
      for (const answer of ['approve', 'deny'] as const)
        assert.match(String(await desk.press(message, answer)), /^Something changed/, column)
      assert.equal(await state(), 'pending', column)
    }
    const other = await begin()
    const { message, state } = await begin()
    const swapped = message && other.message && { ...message, blocks: other.message.blocks }
    assert.match(String(await desk.press(swapped, 'approve')), /^This button is over/)
    assert.equal(await state(), 'pending')
    assert.equal(await desk.press(message, 'approve'), undefined)
    assert.equal(await state(), 'approved')
  })

  for (const [name, way] of Object.entries(WAYS)) {
    const { ask, prepare, signsAgain = [], to = (page: string) => page } = way
    test(`on ${name}: anything else is refused, and the request waits on`, async () => {
      const storage = await open()
      const pages = await testPages(storage)
      const sam = await pages.person('sam', 'support')
      const fiona = await pages.person('fiona', 'finance')
      await refundBot(pages, sam)
      const browser = await pages.browserOf(fiona)
      const body = { amount: new ExactNumber('900.00') }
      const begin = async () => {
        const { id } = await askedFor(pages, await openedTask(pages, sam), body, ask)
        const page = `/approvals/${id}`
        const state = async () => (await findRequest(pages.parts.decisions, id))?.state
        return { id, page, state }
      }
      const first = await begin()
      const prepared = await prepare(browser)
      const good = await prepared.fields(first.page)
      for (const field of prepared.bound(first.page)) {
        const { [field]: value = '', ...others } = good
        assert.notEqual(value, '', field)
        // Q and A differ in the first bits: the last ones of base64url may mean nothing.
        const flipped = value.replace(/[a-zA-Z0-9](?=[^a-zA-Z0-9]*$)/, (last) =>
          last === 'A' ? 'Q' : 'A',
        )
        for (const fields of [{ ...others, [field]: flipped }, others]) {
          if (field === 'edits' || field === 'allowance') if (!(field in fields)) continue
          const { statusCode } = await browser.post(to(first.page), fields)
          const again = !(field in fields) && signsAgain.includes(field)
          assert.ok(again ? statusCode === 200 : statusCode >= 400, `${field}: ${statusCode}`)
          assert.equal(await first.state(), 'pending', field)
        }
      }
      const other = await begin()
      const { statusCode } = await browser.post(to(other.page), good)
      assert.equal(await other.state(), 'pending', `of another request: ${statusCode}`)

      for (const column of Object.keys(SHOWN)) {
        const { id, page, state } = await begin()
        const sent = await prepared.fields(page)
        await change(storage, id, column)
        const answer = await browser.post(to(page), sent)
        assert.ok(answer.statusCode >= 400, `${column}: ${answer.statusCode}`)
        assert.equal(await state(), 'pending', column)
      }
      const last = await begin()
      const done = await browser.post(to(last.page), await prepared.fields(last.page))
      assert.ok(done.statusCode < 400, done.body)
      assert.notEqual(await last.state(), 'pending')
    })
  }

  test('by the command line: anything else is refused, and the request waits on', async () => {
    const storage = await open()
    const pages = await testPages(storage)
    const sam = await pages.person('sam', 'support')
    const person = await pages.person('fiona', 'finance')
    await refundBot(pages, sam)
    let count = 0
    const begin = async () => {
      const asking = await pages.person(`sam${++count}`, 'support')
      const { id } = await askedFor(pages, await openedTask(pages, asking), undefined, {
        risk: 'medium',
      })
      const run = requestOperations(pages, person, id)
      const { shown } = await run('show')
      const state = async () => (await findRequest(pages.parts.decisions, id))?.state
      return { id, run, shown, state }
    }
    const other = await begin()
    for (const verb of ['approve', 'deny'] as const) {
      for (const column of Object.keys(SHOWN)) {
        const { id, run, shown, state } = await begin()
        await change(storage, id, column)
        await assert.rejects(run(verb, { shown }), DIFFERS, column)
        assert.equal(await state(), 'pending', column)
      }
      const { run, shown, state } = await begin()
      for (const wrong of [other.shown, '', shown.slice(1), shown.toLowerCase()])
        await assert.rejects(run(verb, { shown: wrong }), DIFFERS)
      assert.equal(await state(), 'pending')
      await run(verb, { shown })
      assert.notEqual(await state(), 'pending')
    }
  })
})
