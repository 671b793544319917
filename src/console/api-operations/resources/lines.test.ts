import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Argument } from '@remit/engine'
import { dim, text } from '../../../platform/lib/terminal/text.ts'
import { argumentsInWords } from './lines.ts'

const named = (name: string): Argument => ({
  name,
  required: true,
  nullable: false,
  place: 'query',
  wire: name,
  type: { kind: 'boolean' },
})
const words = (all: readonly Argument[]) => text`${argumentsInWords(all, { dim, text })}`.plain

test('a long list of arguments is cut, and the rest is counted', () => {
  assert.equal(words([]), 'none')
  assert.equal(words([named('a'), named('b')]), 'a: boolean, b: boolean')
  const many = Array.from({ length: 90 }, (_, i) => named(`argument_${i}`))
  assert.match(words(many), /^argument_0: boolean, .* and \d+ more$/)
  assert.ok(words(many).length < 240)
})
