import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { findRequest } from '../../src/approvals/access-requests/index.ts'
import { askedFor } from '../../src/console/pages/approval/testing.ts'
import { openedTask } from '../../src/console/pages/task/testing.ts'
import { ORIGIN, refundBot, type TestPages, testPages } from '../../src/console/pages/testing.ts'
import { hiddenFields, type TestBrowser } from '../../src/console/pages/visiting/testing.ts'
import { findAgent, resumeAgent } from '../../src/identity/agents/index.ts'
import { TestChannel, TestKind } from '../../src/identity/notifications/testing.ts'
import { passkeysOf } from '../../src/identity/passkeys/index.ts'
import { SoftwareAuthenticator } from '../../src/identity/passkeys/testing.ts'
import type { Person } from '../../src/identity/people/index.ts'
import { ExactNumber } from '../../src/platform/lib/json.ts'
import { Problem } from '../../src/platform/lib/problem.ts'
import type { Storage } from '../../src/platform/storage/index.ts'
import { forEachEngine } from '../../src/platform/storage/testing.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import { requestOperations } from '../request-operations.ts'
import type { Stop } from './stops.ts'

// An answer is stopped at anything that it makes durable, as a crash would: nothing is half made, and it can be given again.

const MAX_STOPS = 12

/** Stops what a storage makes durable, from the n-th on. */
class StorageStops {
  #armed: { readonly at: number; readonly how: Stop } | undefined
  #done = 0
  hit = false

  constructor(storage: Storage) {
    const { commit, lanes, transaction } = storage
    const { revocation } = lanes
    const stopped: typeof transaction = (work) => this.#pass(() => transaction(work))
    Object.assign(storage, {
      commit: (steps: Parameters<typeof commit>[0]) => this.#pass(() => commit(steps)),
      transaction: stopped,
    })
    const ending: typeof transaction = (work) => this.#pass(() => revocation.transaction(work))
    Object.assign(lanes, { revocation: { ...revocation, transaction: ending } })
  }

  async during<T>(at: number, how: Stop, work: () => Promise<T>): Promise<T> {
    this.#armed = { at, how }
    this.#done = 0
    this.hit = false
    try {
      return await work()
    } finally {
      this.#armed = undefined
    }
  }

  async #pass<T>(write: () => Promise<T>): Promise<T> {
    if (!this.#armed) return write()
    const n = this.#done++
    const { at, how } = this.#armed
    if (n < at || (how === 'unknown' && n > at)) return write()
    this.hit = true
    if (how === 'unknown') await write()
    throw new Problem('storage.unavailable', 'stopped by a test')
  }
}

interface PageWorld {
  readonly pages: TestPages
  readonly pager: TestKind
  readonly sam: Person
  readonly fiona: Person
  readonly browser: TestBrowser
}

interface PreparedAct {
  readonly act: () => Promise<Pick<LightMyRequestResponse, 'statusCode'>>
  readonly done: () => Promise<boolean>
  /** Facts that are true whenever nothing runs. */
  readonly holds?: () => Promise<void>
}

type Prepare = (around: PageWorld) => Promise<PreparedAct>

const requestAt = ({ pages }: PageWorld, id: string) => findRequest(pages.parts.decisions, id)

/** Answer with one button of the page. */
function pressed(answer: string, consequence?: PreparedConsequence): Prepare {
  return async (around) => {
    const { browser, pages, sam } = around
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task)
    const page = `/approvals/${id}`
    const shown = hiddenFields((await browser.get(page)).body, page)
    const done = async () => (await requestAt(around, id))?.state !== 'pending'
    return {
      act: () => browser.post(page, { ...shown, answer }),
      done,
      async holds() {
        if (consequence) assert.equal(await consequence(around, task.id), await done())
      },
    }
  }
}

type PreparedConsequence = (around: PageWorld, task: string) => Promise<boolean>

const ended: PreparedConsequence = async ({ pages }, task) =>
  (await findTask(pages.parts.decisions.storage.read, task))?.state === 'closed'

const suspended: PreparedConsequence = async ({ pages }) =>
  (await findAgent(pages.parts.decisions.storage.read, 'refund-bot'))?.status === 'suspended'

const unescaped = (text = '') => text.replaceAll('&quot;', '"').replaceAll('&#39;', "'")

function optionsIn(body: string, action: string): string {
  const form = body.split('<form').find((each) => each.includes(` action="${action}"`)) ?? ''
  return unescaped(/ data-options="([^"]*)"/.exec(form)?.[1]).replaceAll('&amp;', '&')
}

async function enrolled({ browser }: PageWorld, authenticator: SoftwareAuthenticator) {
  const { body } = await browser.get('/passkeys')
  const options = optionsIn(body, '/passkeys')
  if (options === '') return browser.get('/passkeys') // it was enrolled, although nobody heard of it
  const assertion = authenticator.register(options)
  return browser.post('/passkeys', {
    ...{ ...hiddenFields(body, '/passkeys'), name: 'Phone', assertion },
  })
}

/** Somebody of finance with a passkey. */
async function signer(around: PageWorld) {
  const { pages } = around
  const person = await pages.person(`p${Math.floor(pages.clock.now())}`, 'finance')
  const browser = await pages.browserOf(person)
  const authenticator = new SoftwareAuthenticator(ORIGIN)
  await enrolled({ ...around, browser }, authenticator)
  return { authenticator, browser }
}

async function statesIn({ pages }: PageWorld, task: string): Promise<readonly string[]> {
  const { read } = pages.parts.decisions.storage
  const rows = read.selectFrom('access_requests').select('state').where('task_id', '=', task)
  return (await rows.execute()).map(({ state }) => state)
}

async function byCommandLine(around: PageWorld, verb: 'approve' | 'deny'): Promise<PreparedAct> {
  const { fiona: person, pages, sam } = around
  const { id } = await askedFor(pages, await openedTask(pages, sam), undefined, { risk: 'medium' })
  const run = requestOperations(pages, person, id)
  const { shown } = await run('show')
  return {
    act: async () => {
      try {
        await run(verb, { shown })
        return { statusCode: 200 }
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        return { statusCode: error.status }
      }
    },
    done: async () => (await requestAt(around, id))?.state !== 'pending',
  }
}

const REMOVE = /action="(\/notifications\/[^"]*\/remove)"/g

const ACTS: Readonly<Record<string, Prepare>> = {
  'an approval': pressed('approve'),
  'a denial': pressed('deny'),
  'a denial that ends the task': pressed('end_task', ended),
  'a report of an agent': pressed('report', suspended),
  async 'an approval with changes'(around) {
    const { browser, pages, sam } = around
    const amount = { amount: new ExactNumber('900.00') }
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, amount, { editable: ['/amount'] })
    const page = `/approvals/${id}`
    const preview = await browser.submit(page, `${page}/edit`, { 'edit-0': '500.00' })
    assert.equal(preview.statusCode, 200, preview.body)
    const hidden = hiddenFields(preview.body, page)
    const fields = { ...hidden, edits: unescaped(hidden.edits), answer: 'approve' }
    return {
      act: () => browser.post(page, fields),
      done: async () => (await requestAt(around, id))?.state !== 'pending',
      async holds() {
        const { decisions } = pages.parts
        const all = await decisions.storage.read
          .selectFrom('access_requests')
          .select(['id', 'state'])
          .where('task_id', '=', task.id)
          .execute()
        const states = all.map((each) => `${each.id === id ? 'asked' : 'changed'} ${each.state}`)
        const wanted =
          states.length === 1 ? ['asked pending'] : ['asked denied', 'changed approved']
        assert.deepEqual(states.toSorted(), wanted)
      },
    }
  },
  async 'answers together'(around) {
    const { browser, pages, sam } = around
    const task = await openedTask(pages, sam)
    const ids: string[] = []
    for (const amount of ['901.00', '902.00', '903.00'])
      ids.push((await askedFor(pages, task, { amount })).id)
    const page = `/approvals/${ids[0]}/together`
    const shown = hiddenFields((await browser.get(page)).body, page)
    const picked = Object.fromEntries(ids.map((id) => [`pick-${id}`, 'yes']))
    return {
      act: () => browser.post(page, { ...shown, ...picked, answer: 'approve' }),
      async done() {
        const all = await Promise.all(ids.map((id) => requestAt(around, id)))
        return all.every((each) => each?.state === 'approved')
      },
    }
  },
  async 'a passkey is enrolled'(around) {
    const { pages } = around
    const person = await pages.person(`p${Math.floor(pages.clock.now())}`, 'finance')
    const browser = await pages.browserOf(person)
    const authenticator = new SoftwareAuthenticator(ORIGIN)
    return {
      act: () => enrolled({ ...around, browser }, authenticator),
      done: async () => (await passkeysOf(pages.parts.people.storage.read, person.id)).length === 1,
    }
  },
  async 'an approval is signed'(around) {
    const { pages, sam } = around
    const { authenticator, browser } = await signer(around)
    const task = await openedTask(pages, sam)
    const { id } = await askedFor(pages, task, undefined, { signature: 'passkey' })
    const page = `/approvals/${id}`
    return {
      async act() {
        const { body } = await browser.get(page)
        const options = optionsIn(body, page)
        // Once it is answered, there is nothing to sign.
        const assertion = options === '' ? '' : authenticator.sign(options)
        return browser.post(page, { ...hiddenFields(body, page), assertion, answer: 'approve' })
      },
      done: async () => (await requestAt(around, id))?.state === 'approved',
    }
  },
  async 'an approval with changes is signed'(around) {
    const { pages, sam } = around
    const { authenticator, browser } = await signer(around)
    const amount = { amount: new ExactNumber('900.00') }
    const task = await openedTask(pages, sam)
    const ask = { editable: ['/amount'], signature: 'passkey' } as const
    const { id } = await askedFor(pages, task, amount, ask)
    const page = `/approvals/${id}`
    return {
      async act() {
        const shown = await browser.submit(page, `${page}/edit`, { 'edit-0': '500.00' })
        const options = optionsIn(shown.body, page)
        if (options === '') return shown
        const hidden = hiddenFields(shown.body, page)
        const edits = unescaped(hidden.edits)
        const assertion = authenticator.sign(options)
        return browser.post(page, { ...hidden, edits, assertion, answer: 'approve' })
      },
      done: async () => (await requestAt(around, id))?.state === 'denied',
      async holds() {
        const states = await statesIn(around, task.id)
        assert.ok(
          ['pending', 'approved denied'].includes(states.toSorted().join(' ')),
          states.join(' '),
        )
      },
    }
  },
  async 'several approvals are signed together'(around) {
    const { pages, sam } = around
    const { authenticator, browser } = await signer(around)
    const task = await openedTask(pages, sam)
    const ids: string[] = []
    for (const amount of ['901.00', '902.00', '903.00'])
      ids.push((await askedFor(pages, task, { amount }, { signature: 'passkey' })).id)
    return {
      async act() {
        const states = await Promise.all(ids.map((id) => requestAt(around, id)))
        const page = `/approvals/${states.find((each) => each?.state === 'pending')?.id}/together`
        const listed = await browser.get(page)
        if (listed.statusCode !== 200) return listed
        const shown = hiddenFields(listed.body, page)
        const picked = Object.keys(shown).map((name) => [name.replace('shown-', 'pick-'), 'yes'])
        const signing = await browser.post(page, {
          ...{ ...Object.fromEntries(picked), ...shown, answer: 'approve' },
        })
        if (signing.statusCode !== 200) return signing
        const assertion = authenticator.sign(optionsIn(signing.body, page))
        return browser.post(page, {
          ...{ ...hiddenFields(signing.body, page), assertion, answer: 'approve' },
        })
      },
      done: async () => (await statesIn(around, task.id)).every((state) => state === 'approved'),
    }
  },
  async 'an approval by the command line'(around) {
    return byCommandLine(around, 'approve')
  },
  async 'a denial by the command line'(around) {
    return byCommandLine(around, 'deny')
  },
  async 'a channel is confirmed'({ fiona, pager, pages }) {
    pages.clock.advance(61 * 60_000) // codes are limited
    const browser = await pages.browserOf(fiona)
    for (const [, remove = ''] of (await browser.get('/notifications')).body.matchAll(REMOVE))
      await browser.submit('/notifications', remove, {})
    const added = await browser.submit('/notifications', '/notifications/own/add', {
      ...{ kind: pager.name, address: String(pages.clock.now()) },
    })
    assert.equal(added.statusCode, 200, added.body)
    const [, act = ''] = /action="(\/notifications\/[^"]*\/confirm)"/.exec(added.body) ?? []
    const fields = { ...hiddenFields(added.body, act), code: pager.code }
    return {
      act: () => browser.post(act, fields),
      async done() {
        const { body } = await browser.get('/notifications')
        return !body.includes(act)
      },
    }
  },
}

forEachEngine('A4: an answer that is stopped at anything that it makes durable', (open) => {
  for (const [name, prepare] of Object.entries(ACTS))
    test(`leaves nothing half made, and can be given again: ${name}`, async () => {
      const storage = await open()
      const pager = new TestKind()
      const pages = await testPages(storage, undefined, [new TestChannel()], [pager])
      const sam = await pages.person('sam', 'support')
      const fiona = await pages.person('fiona', 'finance')
      await refundBot(pages, sam)
      const stops = new StorageStops(storage)
      for (const how of ['gone', 'unknown'] satisfies Stop[])
        for (let at = 0; ; at++) {
          assert.ok(at < MAX_STOPS, 'there is an end')
          pages.clock.advance(1)
          const browser = await pages.browserOf(fiona)
          const around = { browser, fiona, pager, pages, sam }
          const { act, done, holds } = await prepare(around)
          const answer = await stops.during(at, how, act)
          const hint = `${how} at ${at}: ${answer.statusCode}`
          await holds?.()
          if (!stops.hit) {
            assert.ok(answer.statusCode < 400 && at > 0 && (await done()), hint)
            break
          }
          assert.equal(answer.statusCode, 503, hint)
          if (how === 'gone' && at === 0) assert.equal(await done(), false, hint)
          await act()
          assert.equal(await done(), true, `${hint}, again`)
          await holds?.()
          if (name.startsWith('a report'))
            await resumeAgent(pages.parts.decisions, {
              ...{ agentId: 'refund-bot', by: sam.id, reason: 'test' },
            })
        }
    })
})
