import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { breakGlass, planBreakGlass } from '../../approvals/approvals/break-glass/index.ts'
import { TestChannel, TestKind } from '../../identity/notifications/testing.ts'
import { askConfirmation, createSetupLink } from '../../identity/sessions/index.ts'
import { nameStandIn } from '../../identity/stand-ins/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { grantBasis } from '../../tasks/consent/index.ts'
import { allowed, askedFor } from './approval/testing.ts'
import { authorizationBegun } from './authorize/testing.ts'
import { consentAsked } from './consent/testing.ts'
import { decided } from './decision/testing.ts'
import { ASSETS } from './frame/assets.ts'
import { openedChild, openedTask, sponsoredBy } from './task/testing.ts'
import { detail, ORIGIN, PROVIDER, refundBot, testPages } from './testing.ts'

/** Pages with a script, and what else their policy lets them have. */
const WITH_SCRIPT = new Map<string, readonly [string, string?]>([
  ['/notifications', [ASSETS.push.path, `worker-src ${ORIGIN}/push-worker.js`]],
  ['/passkeys', [ASSETS.passkey.path]],
])

/** Pages that tell anybody else: this is not for you. */
const FOR_ADMINISTRATORS = new Set([
  '/definitions',
  '/organization',
  '/providers',
  '/group-channels',
  '/stand-ins/all',
])

/** A world in which every page has something to show to one person. */
async function begin(storage: Storage) {
  const pages = await testPages(
    storage,
    undefined,
    [new TestChannel()],
    [new TestKind('push', 'key')],
  )
  const sam = await pages.person('sam', 'support')
  const fiona = await pages.person('fiona', 'finance')
  await refundBot(pages, fiona)
  const { token } = await createSetupLink(pages.parts.people)
  const task = await openedTask(pages, sam)
  await openedChild(pages, task)
  const basis = await grantBasis(pages.parts.decisions, {
    personId: fiona.id,
    agentId: 'refund-bot',
    kind: 'consent',
    details: [detail('orders.read')],
    grantedBy: fiona.id,
  })
  const confirmation = await askConfirmation(pages.parts.people, {
    personId: fiona.id,
    operation: 'policies.publish',
    payloadOf: () => ({}),
  })
  await pages.person('ada', 'administrators')
  const alone = await askedFor(
    pages,
    task,
    { amount: '907.00' },
    { breakGlass: [['group:finance']] },
  )
  const { decisions } = pages.parts
  const plan = await planBreakGlass(decisions, {
    ...{ person: fiona, request: alone, reason: 'payments are down' },
  })
  const broken = await breakGlass(decisions, {
    ...{ requestId: alone.id, person: fiona, reason: 'payments are down', authTime: 0 },
    shown: plan.shown,
  })
  const standIn = await nameStandIn(pages.parts.people, {
    ...{ personId: fiona.id, standIn: sam.id, endsAt: pages.clock.now() + 3_600_000 },
  })
  // The link of the first administrator works only as long as there is none.
  await storage.transaction((tx) =>
    tx.deleteFrom('memberships').where('group_name', '=', 'administrators').execute(),
  )
  const browser = await pages.browserOf(fiona)
  const ids: Record<string, string> = {
    '/authorize/:id': await authorizationBegun(pages, browser),
    '/approvals/:id': (await askedFor(pages, task)).id,
    '/break-glass/:id': broken.id,
    '/consent/:id': await consentAsked(pages, fiona),
    '/tasks/:id': task.id,
    '/sponsor-grants/:id/end': (await sponsoredBy(pages, fiona)).id,
    '/decisions/:id': await decided(pages, task, 0),
    '/confirm/:id': confirmation.id,
    '/bases/:id/end': basis.id,
    '/notifications/:id': 'email',
    '/group-channels/:id': 'own',
    '/passkeys/:id/remove': 'pky_AAAAAAAAAAAAAAAAAAAAAA',
    '/stand-ins/:id/end': standIn.id,
    '/allowances/:id/end': await allowed(pages, task, fiona),
  }
  const addressOf = (pattern: string) => {
    const known = Object.keys(ids).find((prefix) => pattern.startsWith(prefix))
    const challenge = 'c'.repeat(43)
    const query =
      pattern === '/cli'
        ? `?redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&code_challenge=${challenge}&state=x`
        : ''
    return pattern.replace(':token', token.reveal()).replace(':id', ids[known ?? ''] ?? '') + query
  }
  const routesOf = (method: string) =>
    pages.routes
      .filter((route) => route.startsWith(`${method} `))
      .map((route) => route.slice(method.length + 1))
  return { pages, browser, addressOf, routesOf, storage }
}

/** Reads all that is stored, but when a session was last seen and sign-ins that were begun. */
async function everything({ read }: Storage): Promise<string> {
  const tables = await read.introspection.getTables()
  const rows: unknown[] = []
  for (const { name } of tables.toSorted((a, b) => a.name.localeCompare(b.name))) {
    if (['sessions', 'sign_ins', 'live_replicas'].includes(name)) continue
    // as: a name of one of our own tables
    rows.push(
      name,
      await read
        .selectFrom(name as 'meta')
        .selectAll()
        .execute(),
    )
  }
  return JSON.stringify(rows)
}

/**
 * Tells the pages that begin a sign-in: there is no session yet whose token could come with a
 * request, and they change nothing.
 */
function beforeSignIn(pattern: string): boolean {
  return pattern === '/sign-in' || pattern.startsWith('/setup/')
}

function checkHeaders(answer: LightMyRequestResponse, address: string): void {
  const { headers } = answer
  const plain =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
  const [script, more] = answer.statusCode === 200 ? (WITH_SCRIPT.get(address) ?? []) : []
  const scripted = script
    ? `; script-src ${ORIGIN}${script}${more ? `; ${more}` : ''}; require-trusted-types-for 'script'`
    : ''
  assert.equal(headers['content-security-policy'], plain + scripted, address)
  // One script on the pages that have one, whose policy names it.
  const tags = [...answer.body.matchAll(/<script src="([^"]*)" defer><\/script>/g)]
  assert.deepEqual(
    tags.map(([, src]) => src),
    script ? [script] : [],
    address,
  )
  assert.equal(headers['x-frame-options'], 'DENY', address)
  assert.equal(headers['referrer-policy'], 'no-referrer', address)
  assert.equal(headers['x-content-type-options'], 'nosniff', address)
  if (!address.startsWith('/assets/')) assert.equal(headers['cache-control'], 'no-store', address)
}

function checkMarkup(body: string, address: string): void {
  const unscripted = body.replaceAll(/<script src="\/assets\/[\w.-]+" defer><\/script>/g, '')
  assert.doesNotMatch(
    unscripted,
    /<script|\son[a-z]+=|\sstyle=|javascript:|<iframe|<base/i,
    address,
  )
  for (const [, to = ''] of body.matchAll(/<(?:link|img)[^>]* (?:href|src)="([^"]*)"/g)) {
    assert.ok(to.startsWith('/assets/'), `${address} loads ${to}`)
  }
  for (const [form] of body.matchAll(/<form[\s\S]*?<\/form>/g)) {
    assert.match(form, /^<form[^>]* method="post" action="\/[a-z]/, address)
    if (!/action="\/(?:setup\/|sign-in")/.test(form))
      assert.match(form, /name="csrf" value="[^"]{43}"/, address)
  }
  assert.match(body, /^<!doctype html>\n<html lang="en">/, address)
  assert.equal([...body.matchAll(/<h1[\s>]/g)].length, 1, `${address} has one heading`)
}

forEachEngine('every page', (open) => {
  test('has the security headers and nothing that a policy would have to stop', async () => {
    const { addressOf, browser, pages, routesOf } = await begin(await open())
    const addresses = [...routesOf('GET').map(addressOf), '/nowhere', '/tasks/tsk_x']
    for (const address of addresses) {
      const answer = await browser.get(address)
      checkHeaders(answer, address)
      const html = String(answer.headers['content-type']).startsWith('text/html')
      if (html) checkMarkup(answer.body, address)
      const stranger = await pages.browser().get(address)
      checkHeaders(stranger, address)
      if (stranger.statusCode === 200 && html) checkMarkup(stranger.body, address)
    }
  })

  test('A11: is only looked at by GET: whatever is opened, nothing changes', async () => {
    const { addressOf, browser, pages, routesOf, storage } = await begin(await open())
    const before = await everything(storage)
    for (const pattern of routesOf('GET')) {
      if (pattern === '/sign-in/callback') continue
      const answer = await browser.get(addressOf(pattern))
      if (FOR_ADMINISTRATORS.has(pattern)) assert.equal(answer.statusCode, 403, pattern)
      else assert.ok(answer.statusCode < 400, `${pattern} ${answer.statusCode}`)
      await pages.browser().get(addressOf(pattern))
    }
    assert.equal(await everything(storage), before)
  })

  test('is changed by nobody without the token of the session and our own origin', async () => {
    const { addressOf, browser, pages, routesOf, storage } = await begin(await open())
    const before = await everything(storage)
    const posts = routesOf('POST')
    assert.ok(posts.length >= 9)
    for (const pattern of posts) {
      const address = addressOf(pattern)
      const fields = { answer: 'approve', provider: PROVIDER, lifetime: 'week' }
      for (const answer of [
        await browser.post(
          address,
          { ...fields, csrf: 'x'.repeat(43) },
          { origin: 'http://evil.test' },
        ),
        await browser.post(address, { ...fields, csrf: 'x'.repeat(43) }, {}),
        ...(beforeSignIn(pattern) ? [] : [await browser.post(address, fields)]),
        ...(pattern === '/sign-out' || beforeSignIn(pattern)
          ? []
          : [await pages.browser().post(address, fields)]),
      ]) {
        assert.ok([401, 403].includes(answer.statusCode), `${pattern} ${answer.statusCode}`)
        checkHeaders(answer, address)
      }
    }
    assert.equal(await everything(storage), before)
  })

  test('and its style sheet may be kept, because its name changes with it', async () => {
    const { browser } = await begin(await open())
    for (const { path, type } of Object.values(ASSETS)) {
      const answer = await browser.get(path)
      assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable')
      assert.equal(answer.headers['content-type'], type)
    }
  })
})
