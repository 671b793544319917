import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADVISORIES } from './advisories.ts'

const root = join(import.meta.dirname, '..', '..')
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const table = textOf('test/attacks/README.md')
const [attacks = '', others = ''] = table.split('## What happened to others')
const [beforeReviews = '', ...reviews] = others.split('## What a review found')
const [advisories = '', secondLooks = ''] = beforeReviews.split('## Second looks')

/** The rows that there have to be: front channel, tokens, proofs, exchange, events, documents of clients, approvals. */
const ROWS = Object.entries({ O: 17, T: 10, D: 6, X: 8, V: 3, M: 7, A: 13 }).flatMap(
  ([letter, count]) => Array.from({ length: count }, (_, n) => `${letter}${n + 1}`),
)

interface AttackNames {
  readonly ids: readonly string[]
  readonly tests: readonly { readonly file: string; readonly title: string }[]
}

const rows: readonly AttackNames[] = [
  ...attacks.matchAll(/^\| ([A-Z]\d+(?:, [A-Z]\d+)*) \| [^|]+ \| (.*) \|$/gm),
].map(([, ids = '', tests = '']) => ({
  ids: ids.split(', '),
  tests: [...tests.matchAll(/`([\w/.-]+\.test\.ts)` “([^”]+)”/g)].map(
    ([, file = '', title = '']) => ({ file, title }),
  ),
}))

/** Lists the titles of the tests in a file. */
function titlesIn(file: string): string[] {
  const text = textOf(file)
  return [
    ...text.matchAll(/\b(?:test|it|describe|forEachEngine|inEachWorld)\(\s*(['`"])(.*?)\1,/g),
  ].map(([, , title = '']) => title)
}

test('every attack has its row, and every row its tests', () => {
  assert.deepEqual(rows.flatMap(({ ids }) => ids).toSorted(), ROWS.toSorted())
  for (const { ids, tests } of rows) assert.ok(tests.length > 0, ids.join())
})

test('every test that is named is there, and one of each row has the name of the row', () => {
  const wrong: string[] = []
  for (const { ids, tests } of rows) {
    for (const { file, title } of tests)
      if (!textOf(file).includes(title)) wrong.push(`${file}: ${title}`)
    for (const id of ids) {
      const own = new RegExp(`\\b${id}\\b`)
      const named = tests.some(({ file }) => titlesIn(file).some((title) => own.test(title)))
      if (!named) wrong.push(`${id}: no test of its row says so`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('everything that happened to others is in the table, and in the title of a test that tries it', () => {
  const wrong: string[] = []
  for (const { id, peer, row } of ADVISORIES) {
    const line = advisories.split('\n').find((one) => one.startsWith(`| ${peer} ${id},`))
    const [, about, file] = /^\| .+ \| ([^|]+) \| `([^`]+)` \|$/.exec(line ?? '') ?? []
    if (about !== row || file === undefined) wrong.push(`${peer} ${id}: not in the table`)
    else if (!titlesIn(file).some((title) => title.includes(peer) && title.includes(id)))
      wrong.push(`${peer} ${id}: no test in ${file}`)
    for (const one of row.split(', ')) if (!ROWS.includes(one)) wrong.push(`${one}: no such row`)
  }
  assert.deepEqual(wrong, [])
  const lines = advisories.split('\n').filter((line) => line.includes('.test.ts` |'))
  assert.equal(lines.length, ADVISORIES.length, 'and nothing else is in the table')
  assert.ok(ADVISORIES.length >= 50)
})

test('everything that the reviews found has tests that are there, beside guards that are there', () => {
  const found = reviews.flatMap((review) =>
    [...review.matchAll(/^\| ([^|]+) \| [^|]+ \| (.+) \| ([^|]+) \|$/gm)].slice(2),
  )
  const wrong: string[] = []
  for (const [, letter = '', tests = '', guards = ''] of found) {
    const named = [...tests.matchAll(/`([\w/.-]+\.test\.ts)` “([^”]+)”/g)]
    if (named.length === 0) wrong.push(`${letter}: no test`)
    for (const [, file = '', title = ''] of named)
      if (!textOf(file).includes(title)) wrong.push(`${letter}: ${file}: ${title}`)
    for (const [, guard = ''] of guards.matchAll(/`([^`]+)`/g))
      if (guard.includes('/') && !existsSync(join(root, guard))) wrong.push(`${letter}: ${guard}`)
  }
  assert.deepEqual(wrong, [])
  assert.ok(found.length > 100)
})

test('every second look of the source has its row, and every row its test', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => `src/${file.replaceAll('\\', '/')}`)
  const looks = sources.flatMap((file) => {
    const text = textOf(file)
    assert.doesNotMatch(text, /INVARIANT: (?:\w+ )?read again/, `${file}: say “second look”`)
    return Array.from(text.matchAll(/INVARIANT, second look/g), () => file)
  })
  const listed = [
    ...secondLooks.matchAll(/^\| `(src\/[^`]+)` \| [^|]+ \| `([^`]+)` “([^”]+)” \|$/gm),
  ]
  assert.deepEqual(listed.map(([, file]) => file).toSorted(), looks.toSorted())
  for (const [, , file = '', title = ''] of listed)
    assert.ok(textOf(file).includes(title), `${file}: ${title}`)
})
