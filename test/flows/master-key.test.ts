import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { sql } from 'kysely'
import { pairwiseSubject } from '../../src/identity/tokens/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { MODULES } from '../../src/programs/modules.ts'
import { sealedColumns } from '../../src/rooms.ts'
import { ECHO_SECRET } from '../echo.ts'
import { inEachWorld, type World } from '../world.ts'

/** Columns of bytes that are no secrets: hashes, public keys, and records that anyone may read who may read the ledger. */
const OPEN = new Set([
  'ledger_bundles.packed',
  'ledger_intake.record',
  'ledger_leaves.leaf_hash',
  'ledger_leaves.record',
  'ledger_tiles.hashes',
  'passkeys.public_key',
])

async function columnsOfBytes({ rooms: { storage } }: World): Promise<readonly string[]> {
  const query =
    storage.engine === 'sqlite'
      ? sql<{ name: string }>`
          SELECT t.name || '.' || c.name AS name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
          WHERE t.type = 'table' AND c.type = 'BLOB'`
      : sql<{ name: string }>`
          SELECT table_name || '.' || column_name AS name FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type = 'bytea'`
  return (await query.execute(storage.read)).rows.map(({ name }) => name).toSorted()
}

inEachWorld('the master key', (world) => {
  it('whatever is stored as bytes is sealed again with the rest, or is no secret', async () => {
    const sealed = (await sealedColumns(MODULES)).map(({ column, table }) => `${table}.${column}`)
    const declared = Object.entries(world().rooms.storage.build.tables).flatMap(
      ([table, { columns }]) =>
        Object.entries(columns).flatMap(([column, kind]) =>
          kind.sealed ? `${table}.${column}` : [],
        ),
    )
    assert.deepEqual(sealed.toSorted(), declared.toSorted())
    assert.deepEqual([...sealed, ...OPEN].toSorted(), await columnsOfBytes(world()))
  })

  it('is changed without losing anything: both, sealed again, the new one alone', async () => {
    const w = world()
    const ada = await w.api('ada')
    const of = { audience: `${w.gateway}/echo`, personId: (await w.person('sam')).id }
    const named = pairwiseSubject(w.rooms.master, of)
    const keysBefore = (await ada.send('GET', '/keys')).text
    const task = await w.open()
    const file = join(w.data, 'master.key')
    const old = (await readFile(file, 'utf8')).trim()
    const next = base64url(systemRandom.bytes(32))
    const restartWith = async (...keys: readonly string[]) => {
      await w.stopServer()
      await writeFile(file, `${keys.join('\n')}\n`)
      await w.startServer()
    }
    /** The API is reached with the credential that is sealed; tokens of before work; names and keys are the same. */
    const allIsWell = async () => {
      w.echo.forget()
      assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
      assert.equal(w.echo.reached[0]?.headers.authorization, `Bearer ${ECHO_SECRET}`)
      assert.equal(pairwiseSubject(w.rooms.master, of), named)
      assert.equal((await ada.send('GET', '/keys')).text, keysBefore)
    }
    const left = async (method: 'GET' | 'POST') => {
      const { body, status } = await ada.send(method, '/keys/sealed')
      assert.equal(status, 200)
      const sealed = body.sealed as { before: number; unreadable: number }[] // as the schema says
      assert.ok(sealed.every(({ unreadable }) => unreadable === 0))
      return sealed.reduce((sum, { before }) => sum + before, 0)
    }

    await restartWith(next, old)
    await allIsWell()
    assert.ok((await left('GET')) >= 6)
    await restartWith(next)
      .then(() => assert.fail('too soon'))
      .catch((error: unknown) => assert.equal(Object(error).code, 'keys.cannot_open'))
    await restartWith(next, old)
    assert.equal(await left('POST'), 0)
    assert.equal(await left('GET'), 0)
    await restartWith(next)
    await allIsWell()
    assert.ok((await w.ledger()).some(({ type }) => type === 'master_key.sealed_again'))
    await restartWith(old)
      .then(() => assert.fail('the old one opens nothing'))
      .catch((error: unknown) => assert.equal(Object(error).code, 'keys.cannot_open'))
    await restartWith(next)
  })
})
