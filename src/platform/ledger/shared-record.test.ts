import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import { systemRandom } from '../lib/random.ts'
import { onBothEngines } from '../storage/testing.ts'
import { GatheredRecords } from './gathered-records.ts'
import {
  readyAnswer,
  type SharedAnswer,
  type SharedProperties,
  sharedRecord,
} from './shared-record.ts'
import { ledgerOn } from './testing.ts'

const NOW = Date.UTC(2026, 10, 26)

function of(pep: string): SharedProperties {
  return { mark: pep, type: 'evaluation.answered', facts: { pep, kind: 'evaluation' } }
}

function answer(n: number, text = `question ${n}`): SharedAnswer {
  const permitted = n % 2 === 0
  const reason = permitted ? 'permitted' : 'evaluation.not_permitted'
  return { decisionId: `dec_${n}`, permitted, reason, private: { request: text } }
}

function made(answers: readonly SharedAnswer[]) {
  const ready = answers.map((each) => readyAnswer(each, systemRandom))
  const { private: kept, record } = sharedRecord(of('edge'), ready, NOW, systemRandom)
  const text = Buffer.from(record).toString('utf8')
  return { text, record: JSON.parse(text), keptText: kept ?? '', kept: JSON.parse(kept ?? '{}') }
}

test('one answer has the record that it would have by itself', () => {
  const { kept, record, text } = made([answer(0)])
  assert.equal(text, canonicalize(record))
  const { commitments, event_id: _, ...rest } = record
  assert.deepEqual(Object.keys(commitments), ['request'])
  assert.deepEqual(Object.keys(kept), ['request'])
  assert.deepEqual(rest, {
    ...{ v: 1, type: 'evaluation.answered', time: '2026-11-26T00:00:00.000Z' },
    ...{ decision_id: 'dec_0', outcome: 'permit', reason: 'permitted' },
    facts: { pep: 'edge', kind: 'evaluation', answers: 1, permitted: 1 },
  })
})

test('several have an entry each, in their order, in a canonical record', () => {
  const numbers = [11, 2, 30, 1]
  const { keptText, kept, record, text } = made([
    ...numbers.map((n) => answer(n)),
    { ...answer(5), private: { request: '"quoted" \u2028 \u{1f600}', digest: undefined, more: 1 } },
  ])
  assert.equal(text, canonicalize(record))
  assert.equal(keptText, canonicalize(kept))
  assert.equal(record.decision_id, undefined)
  assert.deepEqual(record.facts, {
    ...{ pep: 'edge', kind: 'evaluation', answers: 5, permitted: 2 },
    decisions: [...numbers, 5].map((n) => ({
      decision_id: `dec_${n}`,
      outcome: n % 2 ? 'deny' : 'permit',
      reason: n % 2 ? 'evaluation.not_permitted' : 'permitted',
    })),
  })
  assert.deepEqual(
    Object.keys(record.commitments),
    [...[...numbers, 5].map((n) => `dec_${n}.request`), 'dec_5.more'].sort(),
  )
})

test('each answer is committed to by itself: one can be shown without another', () => {
  const { kept, record } = made([answer(1, 'about alice'), answer(2, 'about alice')])
  const salts = new Set<string>()
  for (const [name, { salt, value }] of Object.entries<{ salt: string; value: string }>(kept)) {
    const bytes = Buffer.from(salt, 'base64url')
    assert.equal(bytes.length, 32)
    salts.add(salt)
    const digest = createHash('sha256').update(bytes).update(value).digest('base64url')
    assert.equal(record.commitments[name], digest)
    assert.equal(value, '"about alice"')
  }
  assert.equal(salts.size, 2)
  assert.notEqual(record.commitments['dec_1.request'], record.commitments['dec_2.request'])
})

test('what is no JSON is refused before it is put together with others', () => {
  assert.throws(() => readyAnswer(answer(1, '\ud800'), systemRandom), TypeError)
})

onBothEngines('answers that share a record', (open) => {
  test('those of one caller do, those of two never; each is in the books once when it is answered', async () => {
    const storage = await open()
    const ledger = ledgerOn(storage)
    const gathered = new GatheredRecords({ storage, ledger })
    const wrong = gathered.appendAnswer(of('edge'), answer(1000, '\ud800'))
    await Promise.all([
      ...Array.from({ length: 150 }, (_, n) =>
        gathered.appendAnswer(of(n % 3 === 0 ? 'mesh' : 'edge'), answer(n)),
      ),
      gathered.append({ type: 'test.happened', decisionId: 'dec_alone' }),
      assert.rejects(wrong, TypeError),
    ])
    await ledger.sequence()
    const records = (await ledger.records(0, 1000)).map(({ record }) => JSON.parse(record))
    const shared = records.filter(({ type }) => type === 'evaluation.answered')
    // At most 64 to a record: 50 of the one, 64 and 36 of the other.
    assert.deepEqual(
      shared.map(({ facts }) => facts.answers).sort((a, b) => a - b),
      [36, 50, 64],
    )
    const found = shared.flatMap(({ facts }) => {
      const ids = facts.decisions.map((each: { decision_id: string }) => each.decision_id)
      for (const id of ids) {
        const mine = Number(id.slice(4)) % 3 === 0 ? 'mesh' : 'edge'
        assert.equal(facts.pep, mine)
      }
      return ids
    })
    assert.deepEqual(found.sort(), Array.from({ length: 150 }, (_, n) => `dec_${n}`).sort())
    const positions = records.map((_, i) => i)
    const decisions = await storage.transaction((tx) => ledger.decisionsAt(tx, positions))
    assert.deepEqual(decisions.toSorted(), [...found, 'dec_alone'].sort())
  })

  test('what cannot be written is answered to everyone who shares it', async () => {
    const storage = await open()
    const full = {
      ...{ engine: storage.engine, read: storage.read },
      commit: () => Promise.reject(new Error('the disk is full')),
    }
    const gathered = new GatheredRecords({ storage: full, ledger: ledgerOn(storage) })
    const all = [0, 1, 2].map((n) => gathered.appendAnswer(of('edge'), answer(n)))
    const ended = await Promise.allSettled(all)
    assert.deepEqual(
      ended.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
  })
})
