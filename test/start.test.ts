import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const SOURCE = join(import.meta.dirname, '..', 'src')

/** The libraries that are loaded with these files, before anything in them is called. */
async function librariesOf(...entries: readonly string[]): Promise<string[]> {
  const seen = new Set<string>()
  const libraries = new Set<string>()
  const read = async (file: string): Promise<void> => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, target = ''] of (await readFile(file, 'utf8')).matchAll(STATIC_IMPORT)) {
      if (target.startsWith('.')) await read(join(file, '..', target))
      else if (!target.startsWith('node:')) libraries.add(target)
    }
  }
  for (const entry of entries) await read(join(SOURCE, entry))
  return [...libraries].toSorted()
}

/** Imports that are loaded when it runs: those of types are gone by then. */
const STATIC_IMPORT = /^(?:import|export) (?!type )(?:[^'"]*? from )?'([^']+)'/gm

/** Each is a few hundred files that every start waits for. What only some servers need is loaded where it is used. */
const AT_START = [
  '@remit/engine',
  '@remit/engine/risk',
  'commander',
  'fastify',
  'kysely',
  'pino',
  'typebox',
  'undici',
]

test('a start loads what every server needs, and nothing else', async () => {
  const program = ['run', 'system-world', 'server-commands'].map(
    (name) => `programs/cli/${name}.ts`,
  )
  const server = ['programs/cli/serve.ts', 'server.ts']
  const embedded = await librariesOf(...program, ...server, 'platform/storage/sqlite/open.ts')
  assert.deepEqual(embedded, AT_START)
  const replicated = await librariesOf(...program, ...server, 'platform/storage/postgres/open.ts')
  assert.deepEqual(replicated, [...AT_START, 'pg'].toSorted())
})
