import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setDisplay, setRisk, suspendResource } from '../../../catalog/catalog-changes/index.ts'
import { beginAuthorization, findAuthorization } from '../../../grants/code-grant/index.ts'
import { retireAgent, setTrust } from '../../../identity/agents/index.ts'
import { addAdmissionRule } from '../../../identity/client-metadata/index.ts'
import { protocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { ADMINISTRATORS } from '../../../identity/people/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { basesOfPerson } from '../../../tasks/consent/index.ts'
import { textContent } from '../frame/testing.ts'
import { detail, refundBot, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

const CLIENT = `client-${'0'.repeat(32)}`
const BROWSER = 'a-value-that-only-this-browser-has'
const HERE = 'http://127.0.0.1:1234/callback'
const HOUSE = 'https://app.example/callback'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const sam = await pages.person('sam', 'support')
  const ada = await pages.person('ada', ADMINISTRATORS)
  const { decisions, people } = pages.parts
  // No policy speaks of these actions.
  const parts = { ...people, ...decisions, revalidate: async () => {} }
  const browser = await pages.browserOf(sam)
  browser.setCookie('remit_browser', BROWSER)
  await protocolRecords(decisions).put(
    { kind: 'Client', id: CLIENT, payload: { client_id: CLIENT } },
    HOUR / 1000,
  )
  let asked = 0
  return {
    ...{ pages, parts, sam, ada, browser },
    /** A client that stands at the authorization endpoint; answers the path of its page. */
    async asks(
      over: { redirectUri?: string; clientId?: string; clientName?: string; scope?: string } = {},
    ) {
      const id = `request-${++asked}`
      const { clientId = CLIENT, clientName = 'Notes in a box' } = over
      const { redirectUri = HERE, scope = null } = over
      await beginAuthorization(decisions, {
        askedDetails: null,
        deferrable: false,
        mayReturn: true,
        ...{ id, clientId, clientName, redirectUri, redirectUris: [redirectUri], scope },
        ...{ resource: detail('orders.read').locations[0], browser: sha256url(BROWSER) },
      })
      return `/authorize/${id}`
    },
    rule: (redirectHost = 'localhost', trust = 2) =>
      addAdmissionRule(parts, {
        ...{ name: 'a-rule', redirectHosts: [redirectHost], trust, ownerId: ada.id, by: ada.id },
        ceiling: [detail('orders.read'), detail('orders.list'), detail('orders.refund')],
      }),
    text: async (path: string) => words((await browser.get(path)).body),
    state: async (path: string) =>
      (await findAuthorization(decisions.storage.read, path.slice('/authorize/'.length)))?.state,
    bases: () => basesOfPerson(decisions.storage.read, sam.id, pages.clock.now()),
  }
}

/** Text of a page, as a person reads it. */
function words(body: string): string {
  return textContent(body).replaceAll(/\s+/g, ' ')
}

/** Names of the fields that are ticked. */
function ticked(body: string): string[] {
  return [...body.matchAll(/name="(detail-\d+)" value="yes" checked/g)].map(([, name = '']) => name)
}

forEachEngine('the page on which a client asks', (open) => {
  test('says who asks, that nobody vouches for the name, and where the answer goes', async () => {
    const { asks, rule, text } = await begin(await open())
    await rule('app.example')
    const here = await text(await asks({ clientName: 'Nоtes <b>in</b> a box' }))
    for (const words of [
      'Let Nоtes <b>in</b> a box act for you?',
      'self-registered, name not verified',
      CLIENT,
      '127.0.0.1:1234, on this computer',
      'Only go on if you just started this program yourself',
      'Quarantined, may do nothing',
    ])
      assert.ok(here.includes(words), `${words}: ${here}`)
    assert.ok(!here.includes('Owner'), 'nobody answers for it yet')
    const house = await text(await asks({ redirectUri: HOUSE }))
    for (const words of [
      'The answer goes toapp.example',
      'the rule a-rule',
      'Name of ada',
      'Partner',
    ])
      assert.ok(house.includes(words), `${words}: ${house}`)
    assert.ok(!house.includes('on this computer'))
  })

  test('of one that an administrator registered does not say that it registered itself', async () => {
    const { ada, asks, pages, text } = await begin(await open())
    await refundBot(pages, ada)
    const shown = await text(await asks({ clientId: 'refund-bot', clientName: 'refund-bot' }))
    assert.match(shown, /Program ?refund-bot registered by an administrator/)
    assert.doesNotMatch(shown, /not verified/)
    const document = { clientId: 'https://app.example/c.json', redirectUri: HOUSE }
    assert.match(await text(await asks(document)), /Notes in a box name not verified/)
  })

  test('offers what lies within the ceiling, by class, and ticks nothing that cannot be undone', async () => {
    const { asks, browser, parts, rule } = await begin(await open())
    await rule()
    await setRisk(parts, { action: 'orders.refund', risk: 'critical', by: 'operator' })
    const path = await asks()
    const { body } = await browser.get(path)
    const text = words(body)
    assert.match(text, /Low risk.*Critical.*Nothing here is ticked for you.*Refund orders/)
    assert.ok(!text.includes('at Orders'), 'one resource, named once')
    const all = [...body.matchAll(/name="detail-\d+"/g)]
    assert.equal(ticked(body).length, all.length - 1)
    const scoped = await browser.get(await asks({ scope: 'orders.read offline_access' }))
    assert.equal([...scoped.body.matchAll(/name="detail-\d+"/g)].length, 1)
    const foreign = await browser.get(await asks({ scope: 'mcp:tools offline_access' }))
    assert.equal([...foreign.body.matchAll(/name="detail-\d+"/g)].length, all.length)
  })

  test('grants what is left, with a limit that was set, until the time that was chosen', async () => {
    const { asks, bases, browser, pages, rule, state } = await begin(await open())
    await rule()
    const path = await asks({ scope: 'orders.refund' })
    const { body } = await browser.get(path)
    const [limit = ''] = /limit-0-[^"]+/.exec(body) ?? []
    for (const [wrong, status] of [
      [{ [limit]: 'much' }, 400],
      [{ 'detail-0': '' }, 400],
      [{ life: 'forever' }, 400],
    ] as const) {
      const fields = { answer: 'grant', 'detail-0': 'yes', life: 'hour', ...wrong }
      assert.equal((await browser.submit(path, path, fields)).statusCode, status)
    }
    assert.equal(await state(path), 'pending')
    const fields = { answer: 'grant', 'detail-0': 'yes', life: 'hour', [limit]: '50.00' }
    const done = await browser.submit(path, path, fields)
    assert.match(done.body, /http-equiv="refresh" content="0; ?url=\/oauth\/authorize\/request-1"/)
    const [basis, ...more] = await bases()
    assert.equal(more.length, 0)
    assert.deepEqual(basis?.details, [
      detail('orders.refund', { path: '/amount', op: 'lte', value: '50.00' }),
    ])
    assert.equal(basis?.expiresAt, pages.clock.now() + HOUR)
    // What was left out stays out the next time, unless it is taken in; what is risky is ticked anew each time.
    const next = await browser.get(await asks())
    assert.equal(ticked(next.body).length, 0)
  })

  test('whom nobody let in is not granted, and the page says who can change that, and how', async () => {
    const { asks, browser, state, text } = await begin(await open())
    const path = await asks()
    const shown = await text(path)
    assert.match(shown, /This program is not let in yet/)
    assert.match(shown, /Name of ada can let it in/)
    assert.ok(shown.includes(`remit agents limits ${CLIENT} --trust 1 --ceiling ACTION …`))
    const forced = { answer: 'grant', 'detail-0': 'yes', life: 'hour' }
    assert.equal((await browser.submit(path, path, forced)).statusCode, 400)
    assert.equal((await browser.submit(path, path, { answer: 'introduce' })).statusCode, 303)
    assert.match(await text(path), /It waits for an administrator/)
    assert.equal(await state(path), 'pending')
    const denied = await browser.submit(path, path, { answer: 'deny' })
    assert.match(denied.body, /You said no/)
  })

  test('says a limit with its unit, where the catalog knows one', async () => {
    const { ada, asks, parts, text } = await begin(await open())
    await setDisplay(parts, {
      ...{ action: 'orders.refund', path: '/amount', display: 'currency:EUR', by: ada.id },
    })
    await addAdmissionRule(parts, {
      ...{ name: 'a-rule', redirectHosts: ['localhost'], trust: 2, ownerId: ada.id, by: ada.id },
      ceiling: [detail('orders.refund', { path: '/amount', op: 'lte', value: '50.00' })],
    })
    assert.match(await text(await asks()), /amount is at most 50\.00 EUR/)
  })

  test('what is stopped, beyond its ceiling or gone is not granted, and says so', async () => {
    const { asks, browser, pages, parts, rule, text } = await begin(await open())
    await rule()
    const beyond = await asks({ scope: 'orders.watch' })
    assert.match(await text(beyond), /may never do what it asks for/)
    const first = await asks()
    await browser.submit(first, first, { answer: 'grant', 'detail-0': 'yes', life: 'hour' })
    const later = await asks()
    const refused = async (words: RegExp) => {
      assert.match(await text(later), words)
      const fields = { answer: 'grant', 'detail-0': 'yes', life: 'hour' }
      assert.equal((await browser.submit(later, later, fields)).statusCode, 400)
    }
    await setTrust(parts, { agentId: CLIENT, trust: 0, by: 'operator' })
    await refused(/This program is not let in yet/)
    await retireAgent(parts, { agentId: CLIENT, by: 'operator', reason: 'test' })
    await refused(/This program is stopped/)
    await suspendResource(parts, { name: 'orders', by: 'operator', reason: 'test' })
    await refused(/is not available/)
    pages.clock.advance(10 * 60_000)
    assert.match(await text(later), /This question is over/)
  })

  test('is there for its own browser and its own session only', async () => {
    const { ada, asks, browser, pages, rule, state } = await begin(await open())
    await rule()
    const path = await asks()
    const fields = { answer: 'grant', 'detail-0': 'yes', life: 'hour' }
    const other = await pages.browserOf(ada)
    for (const value of [undefined, 'another-value']) {
      if (value !== undefined) other.setCookie('remit_browser', value)
      assert.equal((await other.get(path)).statusCode, 404)
      const { csrf = '' } = hiddenFields((await other.get('/')).body, '/sign-out')
      assert.equal((await other.post(path, { ...fields, csrf })).statusCode, 404)
    }
    // A form that was made for one session is nothing in another, at the same browser.
    const { csrf = '' } = hiddenFields((await browser.get(path)).body, path)
    other.setCookie('remit_browser', BROWSER)
    assert.equal((await other.post(path, { ...fields, csrf })).statusCode, 403)
    const cross = { origin: 'https://evil.example' }
    assert.equal((await browser.post(path, { ...fields, csrf }, cross)).statusCode, 403)
    assert.equal((await browser.get(`${path}?answer=grant&detail-0=yes&life=hour`)).statusCode, 200)
    assert.equal(await state(path), 'pending')
    const signedOut = pages.browser()
    signedOut.setCookie('remit_browser', BROWSER)
    assert.match(String((await signedOut.get(path)).headers.location), /^\/sign-in\?return_to=/)
  })
})
