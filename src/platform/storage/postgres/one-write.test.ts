import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { openStorage } from '../open.ts'
import { takeDatabase } from './testing.ts'

const server = process.env.TEST_POSTGRES_URL

test('all statements of a commit are one write to the socket, and COMMIT another', {
  skip: server ? false : 'there is no PostgreSQL without TEST_POSTGRES_URL',
}, async (t) => {
  const held: (readonly [text: unknown, isHeld: boolean])[] = []
  class WatchedClient extends pg.Client {
    override query(...given: never[]): never {
      const [asked] = given as unknown[]
      held.push([asked, this.connection.stream.writableCorked > 0])
      return (super.query as (...all: never[]) => never).apply(this, given) // as: one of its overloads
    }
  }
  const database = await takeDatabase(server ?? '')
  t.after(() => database.giveBack())
  const storage = await openStorage({
    ...{ kind: 'postgres', url: database.url, migrate: true },
    connections: { Client: WatchedClient },
  })
  t.after(() => storage.close())
  const use = (key: string) => ({
    name: 'use',
    query: storage.read.insertInto('used_once').values({ kind: 'test', key, expires_at: 1 }),
    rows: 1,
  })
  await storage.commit([use('a')])
  held.length = 0
  await storage.commit([use('b'), use('c')])
  const ours = held.filter(([text]) => /^(?:BEGIN|insert|COMMIT)/.test(String(text)))
  assert.deepEqual(
    ours.map(([text, isHeld]) => [String(text).split(' ')[0], isHeld]),
    [
      ['BEGIN', true],
      ['insert', true],
      ['insert', true],
      ['COMMIT', false],
    ],
  )
})
