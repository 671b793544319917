import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readSources } from '../operations/policy-sources.ts'
import { placed } from './mistakes.ts'

let home = ''
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'remit-policies-'))
  await mkdir(join(home, 'rules'))
  await mkdir(join(home, 'empty'))
  await writeFile(join(home, 'rules', 'b.cedar'), 'b1\nb2')
  await writeFile(join(home, 'rules', 'a.cedar'), 'a1\n')
  await writeFile(join(home, 'rules', 'readme.md'), 'not a rule')
  await mkdir(join(home, 'linked'))
  await writeFile(join(home, 'linked', 'a.links'), 'l')
  await writeFile(join(home, 'linked', 'b.cedar'), 'b')
  await writeFile(join(home, 'last.cedar'), 'l1\nl2\n')
})
after(() => rm(home, { recursive: true, force: true }))

test('directories give their *.cedar in name order, files come as they are named, none twice', async () => {
  const { files, text } = await readSources(home, ['rules', 'last.cedar', 'rules/a.cedar'])
  assert.deepEqual(files, ['rules/a.cedar', 'rules/b.cedar', 'last.cedar'])
  assert.equal(text, 'a1\nb1\nb2\nl1\nl2\n')
})

test('links in files of their own come with the directory', async () => {
  assert.deepEqual((await readSources(home, ['linked'])).files, [
    'linked/a.links',
    'linked/b.cedar',
  ])
})

test('every line of the whole text is found again in its file', async () => {
  const { place, text } = await readSources(home, ['rules', 'last.cedar'])
  const found = text
    .trimEnd()
    .split('\n')
    .map((_, i) => place(i + 1))
  assert.deepEqual(found, [
    { file: 'rules/a.cedar', line: 1 },
    { file: 'rules/b.cedar', line: 1 },
    { file: 'rules/b.cedar', line: 2 },
    { file: 'last.cedar', line: 1 },
    { file: 'last.cedar', line: 2 },
  ])
})

test('a mistake is told at its place in the file, and so is another place that it names', async () => {
  const sources = await readSources(home, ['rules'])
  const [mistake] = placed(
    [{ line: 3, column: 7, message: 'the id `x` is that of the policy in line 1 too' }],
    sources,
  )
  assert.equal(mistake?.file, 'rules/b.cedar')
  assert.equal(mistake?.line, 2)
  assert.equal(mistake?.column, 7)
  assert.equal(mistake?.message, 'the id `x` is that of the policy at rules/a.cedar:1 too')
})

test('what is not there, and a directory without policies, are told as such', async () => {
  await assert.rejects(readSources(home, ['nowhere']), /cannot be read/)
  await assert.rejects(readSources(home, ['empty']), /no policies/)
})
