import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { Readme } from './reader.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PAGES = join(ROOT, 'docs', 'guides', 'frameworks')
const EXAMPLES = join(ROOT, 'examples')
const FOLDERS: Readonly<Record<string, string>> = { ts: 'typescript', python: 'python' }
/** Examples that pages link to, because the same in TypeScript is shown. */
const LINKED = new Set(['orders.py', 'sign_in.py'])

it('pages about frameworks show the examples that are run, as they are, and all of them', async () => {
  const shown = new Set<string>()
  for (const page of await readdir(PAGES)) {
    for (const { language, text, title } of (await Readme.at(join(PAGES, page))).blocks) {
      if (language === 'sh') continue
      assert.ok(title, `${page}: ${text.slice(0, 60)}`)
      const file = join(EXAMPLES, FOLDERS[language] ?? '', title)
      assert.equal(text, await readFile(file, 'utf8'), `${page}: ${title}`)
      shown.add(title)
    }
  }
  for (const folder of Object.values(FOLDERS))
    for (const name of await readdir(join(EXAMPLES, folder)))
      assert.ok(shown.has(name) || LINKED.has(name), `${name} is on no page`)
})
