import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aligned, facts, table } from './table.ts'
import { bold, dim, joined, red, shown, text } from './text.ts'
import { visibleLines } from './visible.ts'

const plain = (lines: readonly { plain: string }[]) => lines.map((line) => line.plain)

test('what comes from outside cannot move the cursor, colour or reorder anything', () => {
  const hostile = '\u001b[2K\rall is well\u202e\u200b\n✓'
  assert.equal(
    text`agent: ${hostile}`.plain,
    'agent: \\u{1b}[2K\\u{d}all is well\\u{202e}\\u{200b}\\u{a}✓',
  )
  assert.equal(bold(hostile).render(false).includes('\u001b'), false)
})

test('no value brings a control character to the terminal, however it is put together', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const line = text`${bold(value)} ${dim(text`${value}`)} ${joined([value, value], ', ')}`
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      assert.doesNotMatch(line.plain, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})

test('text of several lines keeps its lines and nothing else that is hidden', () => {
  assert.equal(visibleLines('a\n\tb\u001b[31m'), 'a\n\tb\\u{1b}[31m')
})

test('colours are there only when they are asked for, and end where they began', () => {
  const line = text`${red('no')} and ${bold('yes')}`
  assert.equal(line.render(false), 'no and yes')
  assert.equal(line.render(true), '\u001b[31mno\u001b[39m and \u001b[1myes\u001b[22m')
})

test('words that look the same are coloured once', () => {
  assert.equal(dim(text`a ${'b'} c`).render(true), '\u001b[2ma b c\u001b[22m')
})

test('columns are as wide as their widest cell, in columns of the terminal and not in characters', () => {
  const rows = [
    ['日本', 'x'],
    ['abc', 'y'],
    ['e\u0301', 'z'],
  ]
  assert.deepEqual(
    plain(
      aligned(
        rows.map((row) => row.map(shown)),
        undefined,
      ),
    ),
    ['日本  x', 'abc   y', 'e\u0301     z'],
  )
})

test('the last column is wrapped under itself, and no line ends in spaces', () => {
  const lines = plain(
    table(
      ['NAME', 'WHAT'],
      [
        ['orders', 'one two three four five six seven'],
        ['b', ''],
      ],
      32,
    ),
  )
  assert.deepEqual(lines, [
    'NAME    WHAT',
    'orders  one two three four five',
    '        six seven',
    'b',
  ])
})

test('nothing is wrapped when nobody looks', () => {
  const long = 'word '.repeat(100).trim()
  assert.deepEqual(plain(table(['A', 'B'], [['x', long]], undefined))[1], `x  ${long}`)
})

test('a word that is wider than its column stays whole', () => {
  assert.deepEqual(plain(text`a ${'b'.repeat(30)} c`.wrapped(10)), ['a', 'b'.repeat(30), 'c'])
})

test('wrapping loses and invents nothing but spaces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{1,12}$/)),
      fc.integer({ min: 1, max: 40 }),
      (words, width) => {
        const lines = plain(text`${words.join(' ')}`.wrapped(width))
        assert.equal(lines.join(' ').trim(), words.join(' '))
        for (const line of lines) assert.ok(line.length <= width || !line.includes(' '))
      },
    ),
  )
})

test('facts without a value are left out', () => {
  assert.deepEqual(
    plain(
      facts(
        [
          ['a', 'x'],
          ['long', undefined],
          ['b', 'y'],
        ],
        undefined,
      ),
    ),
    ['a  x', 'b  y'],
  )
})
