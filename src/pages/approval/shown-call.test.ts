import assert from 'node:assert/strict'
import { it } from 'node:test'
import { frozenText } from '../../access-requests/index.ts'
import { aCall } from '../../approvals/testing.ts'
import type { Canonical } from '../../lib/canonical-json.ts'
import { MAX_SHOWN } from '../../lib/text/visible.ts'
import { textContent } from '../frame/testing.ts'
import { showCall } from './shown-call.ts'

async function shown(value: Canonical) {
  const call = frozenText(aCall({ body: { kind: 'json', value } }))
  let turns = 0
  const { rows, whole, ...told } = await showCall(
    call,
    '/approvals/req_1/call',
    async () => turns++,
  )
  return { ...told, call, turns, rows: rows.toString(), whole: whole.toString() }
}

it('others have their turn while a large call is written', async () => {
  const members = Object.fromEntries(
    Array.from({ length: 7 }, (_, i) => [`m${i}`, 'а'.repeat(8_500)]),
  )
  const { turns, tooLong } = await shown(members)
  assert.deepEqual({ turns, tooLong }, { turns: 9, tooLong: false })
})

it('whatever an agent sends within the limit is shown in full, and costs a few times its length', async () => {
  for (const one of ['а', '\u2800', '`', 'pаy ', '\u0336', '𐐄 ']) {
    const note = one.repeat(Math.floor(60_000 / one.length))
    const { rows, tooLong, whole } = await shown({ note })
    assert.equal(tooLong, false)
    assert.ok(rows.length + whole.length < 20 * MAX_SHOWN, `${rows.length} ${whole.length}`)
  }
  const { rows, whole } = await shown({ note: 'x'.repeat(60_000), list: Array(500).fill('y') })
  for (const html of [rows, whole]) assert.ok(textContent(html).includes('x'.repeat(60_000)))
})

it('what is beyond the limit costs the same however long it is', async () => {
  const of = (count: number) =>
    shown({ note: 'а'.repeat(100_000), list: Array(count).fill('а'.repeat(2_030)) })
  const [some, many] = await Promise.all([of(50), of(240)])
  assert.deepEqual([some.tooLong, many.tooLong], [true, true])
  assert.ok(Math.abs(many.rows.length - some.rows.length) < 100)
  assert.ok(many.rows.length + many.whole.length < 10_000)
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, 'v']))
  const wide = await shown(members)
  assert.match(textContent(wide.rows), /and 19951 more parts/)
  assert.ok(wide.rows.length < 10_000)
})
