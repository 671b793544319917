import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { bundle } from '../tools/packages/bundle.ts'
import { reachOf } from '../tools/packages/reach.ts'

const src = join(import.meta.dirname, '..', 'src')

/** Name and text of each file of a bundle. */
async function bundled(entries: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'remit-bundle-'))
  try {
    await bundle(folder, entries)
    const found = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = found.filter((each) => each.isFile())
    const texts = files.map(async ({ name, parentPath }) => {
      const path = join(parentPath, name)
      return [relative(folder, path), await readFile(path, 'utf8')] as const
    })
    return new Map((await Promise.all(texts)).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The modules of the server that are started as a thread, counted by who starts them. */
async function countThreads(): Promise<number> {
  const found = await readdir(src, { recursive: true, withFileTypes: true })
  const files = found.filter(({ name }) => /^(?!.*\.test\.ts$).*\.ts$/.test(name))
  const texts = files.map(({ name, parentPath }) => readFile(join(parentPath, name), 'utf8'))
  return (
    (await Promise.all(texts)).join('\n').match(/\bworkerTask<typeof |\bnew Worker\(/g)?.length ?? 0
  )
}

test('a bundle has threads at their places, and names the sources of its parts', async () => {
  const { entry, threads } = reachOf(join(src, 'main.ts'))
  const files = await bundled([entry, ...threads])
  assert.match(files.get('main.js') ?? '', /^#!\/usr\/bin\/env -S (?:\w+=\w+ )*node /)
  assert.equal(threads.size, await countThreads())
  for (const thread of threads)
    assert.ok(files.has(relative(src, thread).replace(/\.ts$/, '.js')), thread)
  const scripts = [...files.keys()].filter((name) => name.endsWith('.js'))
  assert.ok(scripts.length < 400, `${scripts.length} files`)
  assert.match(files.get('main.js') ?? '', /^\/\/ src\/main\.ts$/m)
  const wide = scripts.filter((name) => /[^\0-\x7f]/.test(files.get(name) ?? ''))
  assert.deepEqual(wide, [])
  const stray = [...files].filter(([, text]) => text.includes(join(src, '..')))
  assert.deepEqual(stray, [])
})
