import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PasskeyRules } from '../../identity/passkeys/index.ts'
import { openStandIns } from '../../identity/stand-ins/index.ts'
import { insertStandIn } from '../../identity/stand-ins/stand-in-store.ts'
import { newId } from '../../platform/lib/id.ts'
import { DAY, HOUR } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { askedFor } from '../pages/approval/testing.ts'
import { textContent } from '../pages/frame/testing.ts'
import { openedTask } from '../pages/task/testing.ts'
import { refundBot, testPages } from '../pages/testing.ts'

const PAGE = '/stand-ins'

forEachEngine('the page of stand-ins', (open) => {
  async function begin(passkeys?: PasskeyRules) {
    const pages = await testPages(await open(), undefined, [], [], passkeys)
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    const boris = await pages.person('boris')
    const ada = await pages.person('ada', 'administrators')
    const browsers = {
      ...{ fiona: await pages.browserOf(fiona), boris: await pages.browserOf(boris) },
      ada: await pages.browserOf(ada),
    }
    const day = (days: number) =>
      new Date(pages.clock.now() + days * DAY).toISOString().slice(0, 10)
    const name = (over: Record<string, string> = {}) =>
      browsers.fiona.submit(PAGE, PAGE, {
        ...{ person: 'boris@example.com', from: day(0), until: day(6), ...over },
      })
    const textOf = async (who: keyof typeof browsers, path = PAGE) =>
      textContent((await browsers[who].get(path)).body)
    return { ...browsers, day, name, pages, sam, textOf, people: { ada, boris, fiona } }
  }

  test('names somebody, who answers on the page of a request and is told for whom', async () => {
    const { boris, fiona, name, pages, sam, textOf } = await begin()
    await refundBot(pages, sam)
    const request = await askedFor(pages, await openedTask(pages, sam))
    const page = `/approvals/${request.id}`
    assert.equal((await boris.get(page)).statusCode, 404)
    assert.equal((await name()).statusCode, 303)
    assert.match(
      await textOf('fiona'),
      /Who answers for you\s+Name of boris\s+Now\s*from .* until /,
    )
    assert.match(await textOf('boris'), /You answer for\s*Name of fiona\s+Now/)
    assert.match(await textOf('boris', '/approvals'), /you answer for Name of fiona/)
    const shown = await textOf('boris', page)
    assert.match(shown, /You answer for Name of fiona, until 8 Jan/)
    assert.match(shown, /Stand-ins\s*Name of boris, for Name of fiona until \d{4}-/)
    // The pages that spell out an allowance or changes say it, too.
    const more = { scope: 'task', often: 'some', uses: '3', 'how-0': 'is', 'how-1': 'is' }
    const spelled = await boris.submit(page, `${page}/allowance`, more)
    assert.match(textContent(spelled.body), /You answer for Name of fiona/, spelled.body)
    assert.equal((await boris.submit(page, page, { answer: 'approve' })).statusCode, 303)
    assert.match(await textOf('fiona', page), /Approved\s+by Name of boris, for Name of fiona/)
    // The digest of the page that fiona saw is not the one of boris, who answers for her.
    const other = await askedFor(pages, await openedTask(pages, sam))
    const path = `/approvals/${other.id}`
    const { body } = await fiona.get(path)
    const fields = /name="shown" value="([^"]+)"/.exec(body)?.[1] ?? ''
    const swapped = await boris.submit(path, path, { answer: 'approve', shown: fields })
    assert.equal(swapped.statusCode, 409)
  })

  test('needs a fresh sign-in and days that can be meant, and keeps what was typed', async () => {
    const { day, fiona, name, pages } = await begin()
    for (const [over, status] of [
      [{ person: 'nobody@example.com' }, 400],
      [{ until: day(-1) }, 400],
      [{ from: day(-1) }, 400],
      [{ until: day(90) }, 400],
      [{ from: 'soon' }, 400],
      [{ until: '' }, 400],
      [{ until: '275760-09-13' }, 400],
      [{ from: '0001-01-01', until: '9999-12-31' }, 400],
    ] as const) {
      const refused = await name(over)
      assert.equal(refused.statusCode, status, JSON.stringify(over))
      assert.match(refused.body, /That did not work/)
    }
    const typed = await name({ person: '"><b>@example.com' })
    assert.match(typed.body, /value="&quot;&gt;&lt;b&gt;@example\.com"/)
    const csrf = /name="csrf" value="([^"]+)"/.exec(typed.body)?.[1] ?? ''
    pages.clock.advance(301_000)
    const fields = { person: 'boris@example.com', from: day(0), until: day(6), csrf }
    const stale = await fiona.post(PAGE, fields)
    assert.equal(stale.statusCode, 403)
    assert.match(stale.body, /That did not work/)
    const { body } = await fiona.get(PAGE)
    assert.match(body, /again=yes/)
    assert.doesNotMatch(body, /name="person"/)
    assert.doesNotMatch(body, /sti_/)
  })

  test('is no way around a signature', async () => {
    const { day, fiona, textOf } = await begin({
      acts: new Set(['approvers']),
      operations: new Map([['standins.add', 'approvers']]),
      recoveryWaitMs: 0,
    })
    const { body } = await fiona.get(PAGE)
    assert.match(body, /remit stand-ins add/)
    const csrf = /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? ''
    const fields = { person: 'boris@example.com', from: day(0), until: day(6), csrf }
    assert.equal((await fiona.post(PAGE, fields)).statusCode, 403)
    assert.match(await textOf('fiona'), /No one\s*Only you answer/)
  })

  test('ends it for both of them and for administrators, and for nobody else', async () => {
    const { ada, boris, fiona, name, pages, textOf } = await begin()
    const stranger = await pages.browserOf(await pages.person('nils'))
    assert.equal((await fiona.get('/stand-ins/all')).statusCode, 403)
    for (const by of [boris, fiona, ada]) {
      assert.equal((await name()).statusCode, 303)
      const list = by === ada ? '/stand-ins/all' : PAGE
      const { body } = await by.get(list)
      const [end = ''] = /\/stand-ins\/sti_[\w-]+\/end/.exec(body) ?? []
      assert.equal((await stranger.submit('/', end, {})).statusCode, 403)
      const { body: own } = await stranger.get(PAGE)
      const csrf = /name="csrf" value="([^"]+)"/.exec(own)?.[1] ?? ''
      assert.equal((await stranger.post(end, { csrf })).statusCode, 404)
      const ended = await by.submit(list, end, {})
      assert.deepEqual([ended.statusCode, ended.headers.location], [303, list])
      assert.match(await textOf('fiona'), /No one\s*Only you answer/)
    }
    assert.match(await textOf('ada', '/stand-ins/all'), /No one named a stand-in/)
    assert.match((await ada.get('/organization')).body, /href="\/stand-ins\/all"/)
  })

  test('tells a person who answers for them, and for whom they answer, apart', async () => {
    const { name, textOf } = await begin()
    assert.equal((await name()).statusCode, 303)
    assert.doesNotMatch(await textOf('fiona'), /You answer for/)
    assert.doesNotMatch(await textOf('fiona'), /No one\s*Only you answer/)
    assert.match(await textOf('boris'), /Who answers for you\s*No one\s*Only you answer/)
  })

  test('begins now on the first day that is today, and else with that day', async () => {
    const { day, fiona, pages, people } = await begin()
    const named = async () => {
      const { clock, storage } = pages.parts.people
      const found = await openStandIns(storage.read, { now: clock.now() })
      return found.map(({ endsAt, startsAt }) => [startsAt, endsAt])
    }
    assert.match((await fiona.get(PAGE)).body, new RegExp(`name="from" value="${day(0)}"`))
    pages.clock.advance(HOUR)
    const again = await pages.browserOf(people.fiona)
    const sent = (from: string, until: string) =>
      again.submit(PAGE, PAGE, { person: 'boris@example.com', from, until })
    const [today, end] = [pages.clock.now(), Date.parse(day(1))]
    assert.equal((await sent(day(0), day(0))).statusCode, 303)
    assert.deepEqual(await named(), [[today, end]])
    pages.clock.advance(1)
    assert.equal((await sent(day(1), day(2))).statusCode, 303)
    assert.deepEqual((await named())[1], [end, Date.parse(day(3))])
  })

  test('lists fifty at a time to administrators', async () => {
    const { ada, pages, people } = await begin()
    const { clock } = pages
    const { random, storage } = pages.parts.people
    const insert = (count: number) =>
      storage.transaction(async (tx) => {
        for (let i = 0; i < count; i++) {
          clock.advance(1)
          const now = clock.now()
          await insertStandIn(tx, {
            ...{ id: newId('stand_in', random), personId: people.fiona.id, createdAt: now },
            ...{ standInId: people.boris.id, startsAt: now, endsAt: now + DAY },
            ...{ endedAt: null, endedBy: null },
          })
        }
      })
    const shown = async (path = `${PAGE}/all`) => {
      const { body } = await ada.get(path)
      const ids = [...body.matchAll(/\/stand-ins\/(sti_[\w-]+)\/end/g)].map(([, id]) => id)
      return { ids, next: /\/stand-ins\/all\?after=[\w-]+/.exec(body)?.[0] }
    }
    await insert(50)
    const full = await shown()
    assert.deepEqual([full.ids.length, full.next], [50, undefined])
    await insert(1)
    const first = await shown()
    assert.deepEqual(first, { ids: full.ids, next: `${PAGE}/all?after=${full.ids[49]}` })
    const last = await shown(first.next)
    assert.deepEqual([last.ids.length, last.next], [1, undefined])
    assert.ok(!full.ids.includes(last.ids[0]))
  })
})
