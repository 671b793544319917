import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { World } from './world.ts'

/** Reads all that is kept, as text: each column of each row, blobs as latin1. */
export async function everythingStored(w: World): Promise<string> {
  const { storage } = w.rooms
  if (storage.engine === 'sqlite') {
    const files = (await readdir(w.data)).filter((name) => name.startsWith('remit.db'))
    assert.ok(files.length > 0)
    const texts = await Promise.all(files.map((name) => readFile(join(w.data, name), 'latin1')))
    return texts.join('\n')
  }
  const tables = await sql<{
    name: string
  }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`.execute(storage.read)
  let all = ''
  for (const { name } of tables.rows) {
    const { rows } = await sql<Record<string, unknown>>`SELECT * FROM ${sql.id(name)}`.execute(
      storage.read,
    )
    for (const row of rows)
      for (const value of Object.values(row))
        all += `${value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)}\n`
  }
  return all
}
