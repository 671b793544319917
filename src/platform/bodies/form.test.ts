import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { formSlices, MAX_PAIRS, readFormJson } from './form.ts'

const TYPE = 'application/x-www-form-urlencoded'
const pairs = (count: number, pair: string) => Buffer.from(Array(count).fill(pair).join('&'))

function resultOf(bytes: Buffer): unknown {
  try {
    return readFormJson(bytes, TYPE)
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
}

describe('a form', () => {
  it('W10: has so many pairs at most, which are counted before the first is decoded', () => {
    const read = resultOf(pairs(MAX_PAIRS, 'a=b'))
    assert.ok(Array.isArray(read) && read.length === MAX_PAIRS)
    // A pair that does not decode is not looked at.
    assert.equal(resultOf(pairs(MAX_PAIRS + 1, 'a=%ff')), 'input.too_large')
    assert.equal(resultOf(pairs(MAX_PAIRS, 'a=%ff')), 'input.malformed')
  })

  it('W10: is read in slices where it is long, to the same pairs', async () => {
    const slicesOf = (bytes: Buffer) => {
      let count = 0
      for (const work = formSlices(bytes); !work.next().done; ) count++
      return count
    }
    assert.equal(slicesOf(pairs(10, 'a=b')), 0)
    assert.ok(slicesOf(pairs(MAX_PAIRS, 'a=b')) >= 5)
    assert.ok(slicesOf(pairs(1_000, `a=${'b'.repeat(1_000)}`)) >= 7)
    const long = pairs(9_000, 'a+b=c%20d+e')
    assert.deepEqual(await readFormJson(long, TYPE), Array(9_000).fill(['a b', 'c d e']))
    const cut = Buffer.concat([long, Buffer.from('&a=%ff')])
    await assert.rejects(async () => readFormJson(cut, TYPE), { code: 'input.malformed' })
    const spaces = Buffer.from(`a=${'+='.repeat(100_000)}`)
    assert.deepEqual(await readFormJson(spaces, TYPE), [['a', ' ='.repeat(100_000)]])
  })

  it('is read as one text where spaces are written as `+`, and refuses each doubtful escape', () => {
    assert.deepEqual(resultOf(Buffer.from('a=+b%2B+%20')), [['a', ' b+  ']])
    for (let code = 0; code < 0x80; code++) {
      const escaped = `%${code.toString(16).padStart(2, '0')}`
      const character = String.fromCharCode(code)
      const isDoubtful = (code < 0x20 && !'\t\n\r'.includes(character)) || code === 0x7f
      for (const each of [escaped, escaped.toUpperCase()]) {
        const read = resultOf(Buffer.from(`a=x${each}`))
        assert.deepEqual(read, isDoubtful ? 'input.malformed' : [['a', `x${character}`]], each)
      }
    }
  })
})
