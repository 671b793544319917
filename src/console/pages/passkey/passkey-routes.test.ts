import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { passkeysOf, permitRecovery } from '../../../identity/passkeys/index.ts'
import { SoftwareAuthenticator } from '../../../identity/passkeys/testing.ts'
import type { Person } from '../../../identity/people/index.ts'
import { askConfirmation, readConfirmation } from '../../../identity/sessions/index.ts'
import { ExactNumber } from '../../../platform/lib/json.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { askedFor } from '../approval/testing.ts'
import { openedTask } from '../task/testing.ts'
import { ORIGIN, refundBot, type TestPages, testPages } from '../testing.ts'
import type { TestBrowser } from '../visiting/testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

/** Options in the form that is sent to `action`, as the script reads them. */
function optionsIn(body: string, action: string): string {
  const form = body.split('<form').find((each) => each.includes(` action="${action}"`)) ?? ''
  const options = / data-options="([^"]*)"/.exec(form)?.[1] ?? assert.fail(`no options: ${form}`)
  return unescaped(options)
}

function unescaped(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}

async function enrol(browser: TestBrowser, fields: Record<string, string> = {}, query = '') {
  const authenticator = new SoftwareAuthenticator(ORIGIN)
  const { body } = await browser.get(`/passkeys${query}`)
  const assertion = authenticator.register(optionsIn(body, '/passkeys'))
  const hidden = hiddenFields(body, '/passkeys')
  const sent = { ...hidden, name: 'Phone', assertion, ...fields }
  return { authenticator, answer: await browser.post('/passkeys', sent) }
}

/** Sends a form of a page, signed with an authenticator. */
async function signed(
  browser: TestBrowser,
  {
    authenticator,
    fields = {},
    page,
    to = page,
  }: {
    authenticator: SoftwareAuthenticator
    fields?: Record<string, string>
    page: string
    to?: string
  },
) {
  const { body } = await browser.get(page)
  const assertion = authenticator.sign(optionsIn(body, to))
  return browser.post(to, { ...hiddenFields(body, to), assertion, ...fields })
}

forEachEngine('passkeys on pages', (open) => {
  async function begin(storage: Storage) {
    const passkeys = {
      acts: new Set(['policies'] as const),
      operations: new Map([
        ['policies.publish', 'policies'],
        ['agents.resume', undefined],
      ] as const),
      recoveryWaitMs: 24 * 60 * MINUTE,
    }
    const pages = await testPages(storage, undefined, [], [], passkeys)
    const sam = await pages.person('sam', 'support')
    const finn = await pages.person('finn', 'finance')
    await refundBot(pages, finn)
    return { finn, pages, sam }
  }
  const held = ({ parts }: TestPages, person: Person) =>
    passkeysOf(parts.people.storage.read, person.id)

  test('a person enrols, adds another with the first, and removes both', async () => {
    const { finn, pages } = await begin(await open())
    const browser = await pages.browserOf(finn)
    const { answer, authenticator } = await enrol(browser)
    assert.equal(answer.headers.location, '/passkeys')
    assert.match((await browser.get('/passkeys')).body, /Phone[\s\S]*It is your last one/)
    pages.clock.advance(1000)
    const page = await signed(browser, {
      authenticator,
      page: '/passkeys',
      to: '/passkeys/another',
    })
    assert.equal(page.statusCode, 200)
    const second = new SoftwareAuthenticator(ORIGIN)
    const assertion = second.register(optionsIn(page.body, '/passkeys'))
    const fields = { ...hiddenFields(page.body, '/passkeys'), name: 'Key', assertion }
    assert.equal((await browser.post('/passkeys', fields)).statusCode, 303)
    assert.deepEqual(
      (await held(pages, finn)).map(({ name }) => name),
      ['Phone', 'Key'],
    )
    for (const { id } of await held(pages, finn))
      await browser.submit('/passkeys', `/passkeys/${id}/remove`, {})
    assert.deepEqual(await held(pages, finn), [])
    const after = await browser.get('/passkeys')
    assert.match(after.body, /An administrator has to permit a new passkey/)
  })

  test('not with a session that is five minutes old, nor for somebody else', async () => {
    const { finn, pages, sam } = await begin(await open())
    const browser = await pages.browserOf(finn)
    const theirs = await pages.browserOf(sam)
    const { body } = await browser.get('/passkeys')
    const assertion = new SoftwareAuthenticator(ORIGIN).register(optionsIn(body, '/passkeys'))
    const fields = { ...hiddenFields(body, '/passkeys'), name: 'Phone', assertion }
    const { csrf = '' } = hiddenFields((await theirs.get('/passkeys')).body, '/passkeys')
    const stolen = await theirs.post('/passkeys', { ...fields, csrf })
    assert.equal(stolen.statusCode, 409)
    pages.clock.advance(5 * MINUTE + 1000)
    const late = await browser.post('/passkeys', fields)
    assert.equal(late.statusCode, 403)
    assert.match(late.body, /Sign in again before you say yes/)
    assert.doesNotMatch(late.body, /data-options/)
    assert.deepEqual([...(await held(pages, finn)), ...(await held(pages, sam))], [])
    const { authenticator } = await enrol(await pages.browserOf(finn))
    const [passkey] = await held(pages, finn)
    pages.clock.advance(6 * MINUTE)
    await browser.submit('/approvals', `/passkeys/${passkey?.id}/remove`, {})
    assert.equal((await held(pages, finn)).length, 1)
    assert.ok(authenticator)
  })

  test('a permission that nobody asked for is shown, and refused', async () => {
    const { finn, pages, sam } = await begin(await open())
    await permitRecovery(pages.parts.people, { personId: finn.id, by: sam.id })
    const browser = await pages.browserOf(finn)
    assert.match((await browser.get('/passkeys')).body, /If you did not ask for it, refuse it/)
    const refused = await browser.submit('/passkeys', '/passkeys/recovery/refuse', {})
    assert.equal(refused.statusCode, 303)
    assert.doesNotMatch((await browser.get('/passkeys')).body, /refuse it/)
  })

  test('an approval leads to enrolment and back, and is signed', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, undefined, { signature: 'passkey' })
    const page = `/approvals/${id}`
    const state = async () => (await findRequest(pages.parts.decisions, id))?.state
    const browser = await pages.browserOf(finn)
    const first = await browser.get(page)
    assert.match(first.body, /This has to be signed with a passkey/)
    assert.doesNotMatch(first.body, /value="approve"|<script/)
    assert.match(first.body, /value="deny"/)
    const way = `?return_to=${encodeURIComponent(page)}`
    assert.ok(first.body.includes(`href="/passkeys${way}"`))
    const { answer, authenticator } = await enrol(browser, {}, way)
    assert.equal(answer.headers.location, page)
    // Without the script, or with a signature of another page, nothing is approved.
    const unsigned = await browser.submit(page, page, { answer: 'approve' })
    assert.equal(unsigned.statusCode, 403)
    assert.match(unsigned.body, /has to be signed with a passkey/)
    assert.equal(await state(), 'pending')
    const fields = { answer: 'approve' }
    const done = await signed(browser, { authenticator, page, fields })
    assert.equal(done.statusCode, 303)
    assert.equal(await state(), 'approved')
  })

  test('an allowance is signed as it was spelled out', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, undefined, { signature: 'passkey' })
    const page = `/approvals/${id}`
    const browser = await pages.browserOf(finn)
    const { authenticator } = await enrol(browser)
    const { body } = await browser.get(page)
    const spelled = await browser.post(`${page}/allowance`, {
      ...hiddenFields(body, `${page}/allowance`),
      ...{ scope: 'task', often: 'some', uses: '5', 'how-0': 'is', 'how-1': 'is' },
    })
    assert.equal(spelled.statusCode, 200, spelled.body)
    const hidden = hiddenFields(spelled.body, page)
    const allowance = unescaped(hidden.allowance ?? '')
    const fields = { ...hidden, allowance, answer: 'approve' }
    const once = authenticator.sign(optionsIn(body, page))
    const { ticket = '' } = hiddenFields(body, page)
    const narrower = await browser.post(page, { ...fields, ticket, assertion: once })
    assert.equal(narrower.statusCode, 403, 'a signature for once is none for five times')
    const assertion = authenticator.sign(optionsIn(spelled.body, page))
    assert.equal((await browser.post(page, { ...fields, assertion })).statusCode, 303)
  })

  test('a call that the approver changes is signed as it was changed', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const ask = { signature: 'passkey', editable: ['/amount'] } as const
    const amount = { amount: new ExactNumber('900.00') }
    const request = await askedFor(pages, task, amount, ask)
    const page = `/approvals/${request.id}`
    const browser = await pages.browserOf(finn)
    const { authenticator } = await enrol(browser)
    const changed = async (amount: string) => {
      const { body } = await browser.get(page)
      const fields = { ...hiddenFields(body, `${page}/edit`), 'edit-0': amount }
      return (await browser.post(`${page}/edit`, fields)).body
    }
    const filled = (body: string) => {
      const hidden = hiddenFields(body, page)
      return { ...hidden, edits: unescaped(hidden.edits ?? ''), answer: 'approve' }
    }
    const less = await changed('500.00')
    assert.equal((await browser.post(page, filled(less))).statusCode, 403)
    const assertion = authenticator.sign(optionsIn(less, page))
    const others: [string, Record<string, string>][] = [
      ['another change', filled(await changed('400.00'))],
      ['no change', { ...hiddenFields((await browser.get(page)).body, page), answer: 'approve' }],
    ]
    const { ticket = '' } = hiddenFields(less, page)
    for (const [name, fields] of others) {
      const refused = await browser.post(page, { ...fields, ticket, assertion })
      assert.equal(refused.statusCode, 403, name)
    }
    const done = await browser.post(page, { ...filled(less), assertion })
    assert.equal(done.statusCode, 303, done.body)
    const asked = await findRequest(pages.parts.decisions, request.id)
    assert.equal(asked?.state, 'denied')
    const approved = await findRequest(pages.parts.decisions, asked?.editedTo ?? '')
    assert.deepEqual([approved?.state, approved?.usesLeft], ['approved', 1])
    // What was signed ends when the page said, however long it was open.
    assert.equal(approved?.usableUntil, pages.clock.now() + 3_600_000)
    assert.equal((await browser.post(page, { ...filled(less), assertion })).statusCode, 409)
  })

  test('several are approved by one signature over exactly what is ticked', async () => {
    const { finn, pages, sam } = await begin(await open())
    const task = await openedTask(pages, sam)
    const asked = (amount: string) =>
      askedFor(pages, task, { amount }, { signature: 'passkey' }).then(({ id }) => id)
    const ids = [await asked('901.00'), await asked('902.00'), await asked('903.00')] as const
    const together = `/approvals/${ids[0]}/together`
    const browser = await pages.browserOf(finn)
    const states = () =>
      Promise.all(ids.map(async (id) => (await findRequest(pages.parts.decisions, id))?.state))
    const pick = (...picked: readonly string[]) =>
      Object.fromEntries(picked.map((id) => [`pick-${id}`, 'on']))
    const send = async (fields: Record<string, string>) => {
      const { body } = await browser.get(together)
      return browser.post(together, {
        ...{ ...hiddenFields(body, together), answer: 'approve', ...fields },
      })
    }
    const enrolFirst = await send(pick(ids[0], ids[1]))
    assert.match(enrolFirst.body, /href="\/passkeys\?return_to=/)
    const { authenticator } = await enrol(browser)
    const asking = await send(pick(ids[0], ids[1]))
    assert.match(asking.body, /Sign and approve all 2/)
    const hidden = hiddenFields(asking.body, together)
    assert.deepEqual(
      Object.keys(hidden).filter((name) => name.startsWith('pick-')),
      [`pick-${ids[0]}`, `pick-${ids[1]}`].toSorted(),
    )
    assert.deepEqual(await states(), ['pending', 'pending', 'pending'])
    const assertion = authenticator.sign(optionsIn(asking.body, together))
    const fields: Record<string, string> = { ...hidden, assertion, answer: 'approve' }
    const { [`pick-${ids[1]}`]: _, ...fewer } = fields
    const own = `shown-${ids[2]}`
    const { body } = await browser.get(together)
    const all = { ...fields, ...pick(ids[2]), [own]: hiddenFields(body, together)[own] ?? '' }
    for (const others of [fewer, all]) {
      const refused = await browser.post(together, others)
      assert.equal(refused.statusCode, 409)
      assert.match(refused.body, /not the one that asked/)
    }
    assert.deepEqual(await states(), ['pending', 'pending', 'pending'])
    const [first, replayed] = [
      await browser.post(together, fields),
      await browser.post(together, fields),
    ]
    assert.deepEqual([first.statusCode, replayed.statusCode], [200, 409])
    assert.deepEqual(await states(), ['approved', 'approved', 'pending'])
    // A page that was open while one of them was answered elsewhere: that one is told, the other stands.
    const more = await asked('904.00')
    const later = await send(pick(ids[2], more))
    const { csrf = '' } = hidden
    const shown = hiddenFields(later.body, together)[own] ?? ''
    await browser.post(`/approvals/${ids[2]}`, { csrf, shown, answer: 'deny' })
    const signature = authenticator.sign(optionsIn(later.body, together))
    const done = await browser.post(together, {
      ...{ ...hiddenFields(later.body, together), assertion: signature, answer: 'approve' },
    })
    assert.equal(done.statusCode, 409)
    assert.deepEqual(await states(), ['approved', 'approved', 'denied'])
    assert.equal((await findRequest(pages.parts.decisions, more))?.state, 'approved')
  })

  test('an act of an administrator is signed, where the setting says so', async () => {
    const { pages } = await begin(await open())
    const ada = await pages.person('ada', 'administrators')
    const browser = await pages.browserOf(ada)
    const ask = async (operation: string) => {
      const asked = { personId: ada.id, operation, payloadOf: () => ({ text: 'x' }) }
      return (await askConfirmation(pages.parts.people, asked)).id
    }
    const state = async (id: string) =>
      (await readConfirmation(pages.parts.people, id, ada.id)).state
    const id = await ask('policies.publish')
    const page = `/confirm/${id}`
    assert.match((await browser.get(page)).body, /href="\/passkeys\?return_to=/)
    const { authenticator } = await enrol(browser)
    const answer = 'confirmed'
    assert.equal((await browser.submit(page, page, { answer })).statusCode, 403)
    const other = `/confirm/${await ask('policies.publish')}`
    const { body } = await browser.get(other)
    const { ticket = '' } = hiddenFields(body, other)
    const assertion = authenticator.sign(optionsIn(body, other))
    const foreign = await browser.submit(page, page, { answer, ticket, assertion })
    assert.equal(foreign.statusCode, 409)
    assert.equal(await state(id), 'pending')
    const done = await signed(browser, { authenticator, page, fields: { answer } })
    assert.equal(done.statusCode, 303)
    assert.equal(await state(id), 'confirmed')
    const plain = await ask('agents.resume')
    const unsigned = await browser.submit(`/confirm/${plain}`, `/confirm/${plain}`, { answer })
    assert.equal(unsigned.statusCode, 303)
    const unknown = `/confirm/${await ask('policies.publish_of_before')}`
    assert.equal((await browser.submit(unknown, unknown, { answer })).statusCode, 403)
  })
})
