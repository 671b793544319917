import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ask } from '@remit/engine'
import { actBefore } from '../../../test/act-before.ts'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest, shownDigest } from '../../approvals/approvals/index.ts'
import { setDisplay, setRisk } from '../../catalog/catalog-changes/index.ts'
import { askedFor, openingAsked } from '../../console/pages/approval/testing.ts'
import { openedTask } from '../../console/pages/task/testing.ts'
import { refundBot, testPages } from '../../console/pages/testing.ts'
import type { Canonical } from '../../platform/lib/canonical-json.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { channelQuestion } from './channel-question.ts'
import { catalogOf, slackDesk } from './testing.ts'

const MEDIUM = { risk: 'medium' } as const

forEachEngine('a question that is answered in a channel', (open) => {
  async function begin() {
    const pages = await testPages(await open())
    const { decisions } = pages.parts
    const sam = await pages.person('sam', 'support')
    const fiona = await pages.person('fiona', 'finance')
    await refundBot(pages, sam)
    const asked = async (ask: Partial<Ask> = {}, body?: Readonly<Record<string, Canonical>>) =>
      askedFor(pages, await openedTask(pages, sam), body, { ...MEDIUM, ...ask })
    const catalog = catalogOf(pages)
    const raise = (risk: 'high' | 'medium') =>
      setRisk(catalog, { action: 'orders.refund', risk, by: sam.id })
    await raise('medium')
    const state = async (id: string) => (await findRequest(decisions, id))?.state
    return { pages, decisions, sam, fiona, asked, catalog, raise, state }
  }

  test('has all facts of the page', async () => {
    const { asked, decisions, fiona } = await begin()
    const question = await channelQuestion(decisions, (await asked()).id, fiona.id)
    const facts = new Map(question?.facts.map(({ name, value }) => [name, value]))
    assert.deepEqual(
      [...facts.keys()],
      [
        ...['Agent', 'On behalf of', 'Purpose, as the agent says', 'At', 'POST', 'amount'],
        ...['Why you are asked', 'Approve once', 'Answer by'],
      ],
    )
    assert.equal(facts.get('Agent'), 'refund-bot, internal, owned by Name of sam')
    assert.equal(facts.get('amount'), '900.00')
    assert.equal(facts.get('Approve once'), 'lets exactly this call through, for 1 h')
  })

  test('is none where the page is needed', async () => {
    const { asked, catalog, decisions, fiona, pages, raise, sam } = await begin()
    const none = async (request: { readonly id: string }, why: string, parts = decisions) =>
      assert.equal(await channelQuestion(parts, request.id, fiona.id), undefined, why)
    for (const [why, ask] of Object.entries<Partial<Ask>>({
      'high risk': { risk: 'high' },
      'critical risk': { risk: 'critical' },
      'two people': { quorum: 2 },
      'two groups': { approvers: [['group:finance'], ['group:support']] },
      'a signature': { signature: 'passkey' },
      'a sign-in': { stepUps: [{ maxAgeSeconds: 300, acrValues: [] }] },
    }))
      await none(await asked(ask), why)
    for (const [why, body] of Object.entries<Readonly<Record<string, Canonical>>>({
      'a letter that passes for another': { amount: '1', note: 'p\u0430ypal' },
      'more facts than a message has': Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [`part${i}`, 'x']),
      ),
      'more text than a message has': { note: 'x '.repeat(1_000) },
    }))
      await none(await asked({}, body), why)
    await none(await openingAsked(pages, sam), 'an opening')
    await none({ id: 'req_none' }, 'no request')
    const request = await asked()
    assert.ok(await channelQuestion(decisions, request.id, fiona.id))
    await raise('high')
    await none(request, 'the class of the action is high by now')
    await raise('medium')
    const set = { action: 'orders.refund', path: '/order_id', by: sam.id }
    await setDisplay(catalog, { ...set, display: 'person' })
    await none(request, 'an argument is a person')
  })

  test('has buttons that count once, beside the page, however many press', async () => {
    const { asked, decisions, fiona, pages, state } = await begin()
    const desk = await slackDesk(pages, fiona)
    const other = await pages.person('finn', 'finance')
    const request = await asked()
    const message = await desk.message()
    const given = { requestId: request.id, person: other, shown: shownDigest(request), authTime: 1 }
    const told = await Promise.allSettled([
      ...Array.from({ length: 64 }, () => desk.press(message, 'approve')),
      answerRequest(decisions, { ...given, answer: 'approve' }),
    ])
    const [page] = told.splice(64)
    const taken = told.filter((each) => each.status === 'fulfilled' && each.value === undefined)
    assert.equal(taken.length + Number(page?.status === 'fulfilled'), 1)
    assert.equal(await state(request.id), 'approved')
    const rest = told.flatMap((each) =>
      each.status === 'fulfilled' && each.value ? [String(each.value)] : [],
    )
    assert.ok(
      rest.every((text) => /^Answered already by Name of (?:fiona|finn): approved/.test(text)),
    )
    // The page still takes a denial while an approval is unused; the second button of the message does not.
    assert.match(String(await desk.press(message, 'deny')), /^Answered already/)
    assert.equal(await state(request.id), 'approved')
  })

  test('has two buttons, of which one counts, pressed in one moment', async () => {
    const { asked, fiona, pages, state } = await begin()
    const desk = await slackDesk(pages, fiona)
    const request = await asked()
    const message = await desk.message()
    const told = await Promise.all([desk.press(message, 'approve'), desk.press(message, 'deny')])
    assert.equal(told.filter((text) => text === undefined).length, 1, String(told))
    assert.equal(await state(request.id), told[0] === undefined ? 'approved' : 'denied')
  })

  test('E6: an account whose link is taken back between look and commit answers nothing', async () => {
    const { asked, decisions, fiona, pages, state } = await begin()
    const desk = await slackDesk(pages, fiona)
    const request = await asked()
    const message = await desk.message()
    const { hasActed, wrapped } = actBefore(decisions.storage, {
      before: ['transaction'],
      act: desk.unlink,
    })
    assert.match(
      String(await desk.press(message, 'approve', { storage: wrapped })),
      /linked no more/,
    )
    assert.ok(hasActed())
    assert.equal(await state(request.id), 'pending')
  })

  test('M3: keeps its buttons in a message about several, each for its own question', async () => {
    const { asked, fiona, pages, state } = await begin()
    const desk = await slackDesk(pages, fiona)
    const [one, two, high] = [await asked(), await asked(), await asked({ risk: 'high' })]
    const message = await desk.message()
    assert.equal(await desk.press(message, 'deny', { question: 1 }), undefined)
    assert.equal(await desk.press(message, 'approve', { question: 0 }), undefined)
    const states = [await state(one.id), await state(two.id)]
    assert.deepEqual(states.toSorted(), ['approved', 'denied'])
    assert.match(String(await desk.press(message, 'approve', { question: 1 })), /^Answered already/)
    assert.match(
      String(await desk.press(message, 'approve', { question: 2 })),
      /./,
      'high risk has none',
    )
    assert.equal(await state(high.id), 'pending')
  })

  test('is told ended, or not asked of them any more, to who presses then', async () => {
    const { asked, fiona, pages, state } = await begin()
    const desk = await slackDesk(pages, fiona)
    const gone = await asked({ approvers: [['group:support']] })
    assert.equal(await desk.message(), undefined, 'who may not answer is not told')
    assert.equal(await state(gone.id), 'pending')
    const request = await asked()
    const message = await desk.message()
    pages.clock.advance(61 * 60_000)
    assert.match(String(await desk.press(message, 'approve')), /^This has ended: no one answered/)
    assert.equal(await state(request.id), 'expired')
  })
})
