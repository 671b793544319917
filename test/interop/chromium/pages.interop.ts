import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findRequest } from '../../../src/approvals/access-requests/index.ts'
import { testPages } from '../../../src/console/pages/testing.ts'
import { openStorage } from '../../../src/platform/storage/index.ts'
import { until } from '../../until.ts'
import type { PersonName } from '../../world.ts'
import { messagesOf } from './messages.ts'
import { withPalette } from './palette.ts'
import { Place } from './place.ts'
import { DESKTOP, PHONE, type Size, type Tab } from './tab.ts'
import { type Stop, TOUR_SETTINGS, tourOf } from './tour.ts'

/** Screens that every page is looked at on. */
const SCREENS: Readonly<Record<string, Size>> = {
  phone: PHONE,
  'phone-dark': { ...PHONE, dark: true },
  desktop: DESKTOP,
  'desktop-dark': { ...DESKTOP, dark: true },
}
/** Elements that make a page wider than its screen. */
const tooWide = (width: number) => `document.documentElement.scrollWidth <= ${width} ? []
  : [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > ${width + 1})
    .map((each) => each.outerHTML.slice(0, 200))`
/** Screens that the answers of a page are measured on. */
const MEASURED: Readonly<Record<string, Size>> = {
  desktop: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
}
/** Pages whose answers must cover nothing at any place of scrolling, as boxes on them say what is answered; on a desktop none may. */
const WITH_BOXES = ['consent', 'authorize', 'approvals-together']
/**
 * Elements of a page that its answers cover: each once it is tabbed or scrolled to; `always`: each at every
 * place that the page is scrolled to.
 */
const covered = (always: boolean) => `(() => {
  const bar = document.querySelector('.answer')
  const read = 'input:not([type=hidden]), label, select, textarea, button, summary, a, legend, dd, li, p'
  const all = [...document.querySelectorAll('.answering :is(' + read + ')')]
    .filter((each) => each.checkVisibility() && !bar.contains(each))
  const isCovered = (each) => {
    const [a, b] = [each.getBoundingClientRect(), bar.getBoundingClientRect()]
    return a.right > b.left && a.left < b.right && a.bottom > b.top + 1 && a.top < b.bottom - 1
  }
  const found = new Set()
  const note = (each) => isCovered(each) && found.add(each.outerHTML.slice(0, 120))
  for (const each of all) {
    scrollTo(0, 0)
    each.focus()
    if (each === document.activeElement) note(each)
    scrollTo(0, 0)
    each.scrollIntoView({ block: 'nearest', behavior: 'instant' })
    note(each)
  }
  if (${always})
    for (let top = 0; top < document.documentElement.scrollHeight; top += 50) {
      scrollTo(0, top)
      all.forEach(note)
    }
  return all.length === 0 ? ['nothing to measure'] : [...found]
})()`
/** Gaps in cards: parts that are empty, between two spaces, and space below a last line that opens more. */
const GAPS = `[...document.querySelectorAll('.card')].flatMap((card) => {
  const style = getComputedStyle(card)
  const usual = parseFloat(style.rowGap)
  const parts = [...card.children].filter((each) => each.checkVisibility() && getComputedStyle(each).position !== 'absolute')
  const empty = parts.filter((each) => each.getBoundingClientRect().height === 0)
  const last = parts.at(-1)
  const text = document.createRange()
  text.selectNodeContents(last.querySelector('summary') ?? last)
  const below = card.getBoundingClientRect().bottom - text.getBoundingClientRect().bottom
  const most = parseFloat(style.paddingBottom) + usual / 2
  return [
    ...empty.map((each) => 'empty: ' + each.outerHTML.slice(0, 120)),
    ...(last.matches('details') && below > most ? ['below: ' + below + ' px, ' + last.textContent.slice(0, 60)] : []),
  ]
})`
/** Routes that show no page here: they lead to the provider, are files, or are there before the first administrator. */
const ELSEWHERE = [
  ...['GET /sign-in', 'GET /sign-in/callback', 'GET /setup/:token'],
  ...['GET /approvals/:id/call', 'GET /confirm/:id/input'],
  ...['GET /push-worker.js', 'GET /manifest.webmanifest'],
]
/** Folder for pictures of every page on every screen; without it none are made. */
const { REMIT_PICTURES: PICTURES } = process.env

const IMAGES = join(import.meta.dirname, '..', '..', '..', 'docs', 'images')

interface DocumentedPicture {
  readonly file: string
  readonly size?: Partial<Size>
  readonly whole?: boolean
}

/** Pictures of the documentation, by name. */
const DOCUMENTED: Readonly<Record<string, DocumentedPicture>> = {
  'approval-desktop': { file: 'pending.png', size: { width: 1100 } },
  'approval-phone': { file: 'pending-narrow.png' },
  'approval-phone-dark': { file: 'pending-dark.png' },
  'authorize-desktop': { file: 'consent.png', size: { width: 1000, height: 860 } },
  'approvals-together-phone': { file: 'together.png' },
  'organization-waiting-desktop': { file: 'organization.png', size: { width: 1100, height: 700 } },
  'notifications-phone': { file: 'notifications.png' },
  'e-mail-one-phone': { file: 'e-mail.png', size: { height: 340 } },
  'slack-phone': { file: 'slack.png', size: { height: 376 } },
  'slack-buttons-phone': { file: 'slack-buttons.png', whole: true },
  'teams-phone': { file: 'teams.png', size: { height: 412 } },
  'ntfy-phone': { file: 'ntfy.png', size: { height: 394 } },
}

describe('pages in Chromium', () => {
  let place: Place
  let stops: readonly Stop[] = []
  const tabs = new Map<PersonName, Tab>()
  before(async () => {
    place = await Place.open(TOUR_SETTINGS)
    stops = await tourOf(place)
    for (const name of ['sam', 'fiona', 'ada'] as const) tabs.set(name, await place.person(name))
    if (PICTURES !== undefined) await mkdir(PICTURES, { recursive: true })
  })
  after(() => place?.close())

  const tabOf = (name: PersonName): Tab => tabs.get(name) ?? assert.fail(name)

  /** Keeps a picture of the page, if somebody wants them; those of the documentation as it shows them. */
  async function keep(tab: Tab, name: string, size: Size): Promise<void> {
    if (PICTURES === undefined) return
    await writeFile(join(PICTURES, `${name}.png`), await tab.picture(size, { whole: true }))
    const documented = DOCUMENTED[name]
    if (!documented) return
    await tab.size(size)
    const picture = withPalette(await tab.picture({ ...size, ...documented.size }, documented))
    await writeFile(join(IMAGES, documented.file), picture)
  }

  it('each fits its screen, breaks no policy of its own, and says nothing in the console', async () => {
    const mistakes: string[] = []
    for (const { name, person, url } of stops) {
      const tab = tabOf(person)
      for (const [screen, size] of Object.entries(SCREENS)) {
        await tab.size(size)
        await tab.go(url)
        assert.ok((await tab.url()).startsWith(place.issuer), `${name}: ${await tab.url()}`)
        const wide = await tab.value<readonly string[]>(tooWide(size.width))
        const found = [...tab.troubles.splice(0), ...wide]
        mistakes.push(...found.map((each) => `${name} on ${screen}: ${each}`))
        await keep(tab, `${name}-${screen}`, size)
      }
    }
    assert.deepEqual(mistakes, [])
  })

  it('are all of them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'remit-routes-'))
    const storage = await openStorage({ kind: 'sqlite', directory, migrate: true })
    const { routes } = await testPages(storage)
    const seen = new Set([...stops.map(({ route }) => `GET ${route}`), ...ELSEWHERE])
    const unseen = routes.filter((each) => /^GET \/(?!assets\/)/.test(each) && !seen.has(each))
    await storage.close()
    await rm(directory, { recursive: true })
    assert.deepEqual(unseen, [])
  })

  it('an e-mail fits a phone, and loads nothing', async () => {
    const fiona = tabOf('fiona')
    const inbox = `${place.mail.origin}/mails.json?to=fiona`
    const mail = await until(async () => {
      const mails = (await (await fetch(inbox)).json()) as readonly { html: string }[] // as: the sample says so
      return mails.at(-1) // the oldest
    })
    for (const [screen, size] of Object.entries(SCREENS)) {
      await fiona.size(size)
      await fiona.go(`data:text/html;charset=utf-8,${encodeURIComponent(mail.html)}`)
      assert.match(await fiona.text(), /Look at it and answer/)
      assert.deepEqual(await fiona.value(tooWide(size.width)), [])
      await keep(fiona, `e-mail-${screen}`, size)
    }
    assert.doesNotMatch(mail.html, /<img|<script|<link|src=|url\(/)
    assert.deepEqual(fiona.troubles, [])
  })

  it('messages fit a phone, and say what waits; those of other apps are drawn', async () => {
    const fiona = tabOf('fiona')
    const id = (name: string) =>
      stops
        .find((each) => each.name === name)
        ?.url.split('/')
        .at(-1) ?? assert.fail()
    const wanted = { high: id('approval'), medium: id('approval-with-changes') }
    for (const [name, html] of Object.entries(await messagesOf(place, wanted)))
      for (const [screen, size] of Object.entries(SCREENS)) {
        if (screen.endsWith('dark')) continue
        await fiona.size(size)
        await fiona.go(`data:text/html;charset=utf-8,${encodeURIComponent(html)}`)
        assert.match(await fiona.text(), /Refund 900\.00 EUR|name: lamp/)
        assert.deepEqual(await fiona.value(tooWide(size.width)), [], name)
        await keep(fiona, `${name}-${screen}`, size)
      }
    assert.deepEqual(fiona.troubles, [])
  })

  it('a typical call is on one screen of a phone: what, who, for whom, why, and both answers', async () => {
    const fiona = tabOf('fiona')
    const { url } = stops.find(({ name }) => name === 'approval') ?? assert.fail()
    await fiona.size(PHONE)
    await fiona.go(url)
    const seen = await fiona.value<string>(`(() => {
      const inside = (each) => {
        const { bottom, top, height } = each.getBoundingClientRect()
        return height > 0 && top >= 0 && bottom <= innerHeight
      }
      const leaves = [...document.querySelectorAll('main *')].filter((each) => inside(each) && each.children.length === 0)
      return leaves.map((each) => each.textContent.trim()).join('\\n')
    })()`)
    for (const text of [/EUR\s900\.00/u, /Sam Support/, /refund-bot/, /^Approve once$/m, /^Deny$/m])
      assert.match(seen, text)
    assert.match(seen, /minutes left/)
    const covered = await fiona.value<boolean>(`(() => {
      const button = [...document.querySelectorAll('button')].find((each) => each.textContent.startsWith('Approve once'))
      const { height, left, top } = button.getBoundingClientRect()
      return height < 40 || !button.contains(document.elementFromPoint(left + 5, top + height / 2))
    })()`)
    assert.equal(covered, false, 'a thumb hits the button')
  })

  it('have answers that never cover what they answer, on a desktop and on a phone', async () => {
    const mistakes: string[] = []
    let measured = 0
    for (const { name, person, url } of stops)
      for (const [screen, size] of Object.entries(MEASURED)) {
        const tab = tabOf(person)
        await tab.size(size)
        await tab.go(url)
        if (!(await tab.value<boolean>(`document.querySelector('.answer') !== null`))) continue
        measured++
        const always = screen === 'desktop' || WITH_BOXES.includes(name)
        const found = await tab.value<readonly string[]>(covered(always))
        mistakes.push(...found.map((each) => `${name} on ${screen}: ${each}`))
      }
    assert.ok(measured >= 12, `${measured} with answers`)
    assert.deepEqual(mistakes, [])
  })

  it('of approvals have no gaps: nothing empty takes room, and a card ends where its last line does', async () => {
    const mistakes: string[] = []
    for (const { name, person, url } of stops.filter((each) => /^approval(-|$)/.test(each.name)))
      for (const [screen, size] of Object.entries(MEASURED)) {
        const tab = tabOf(person)
        await tab.size(size)
        await tab.go(url)
        const found = await tab.value<readonly string[]>(GAPS)
        mistakes.push(...found.map((each) => `${name} on ${screen}: ${each}`))
      }
    assert.deepEqual(mistakes, [])
  })

  it('work without script: a call is approved, a consent given, somebody signs out', async () => {
    const fiona = tabOf('fiona')
    await fiona.send('Emulation.setScriptExecutionDisabled', { value: true })
    const url = (wanted: string) => stops.find(({ name }) => name === wanted)?.url ?? ''
    await fiona.go(url('approval'))
    await fiona.press('Approve once')
    const id = url('approval').split('/').at(-1) ?? ''
    assert.equal((await findRequest(place.w.rooms.decisions, id))?.state, 'approved')
    await fiona.go(url('consent'))
    await fiona.press('Allow')
    assert.match(await fiona.text(), /refund-bot/)
    await fiona.press('Sign out')
    assert.match(await fiona.text(), /You are signed out/)
    assert.deepEqual(fiona.troubles, [])
  })
})
