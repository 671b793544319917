import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { everythingStored } from '../everything-stored.ts'
import { inEachWorld } from '../world.ts'

/** Members that only private JWKs have (RFC 7518 section 6, RFC 8037 section 2), as they would stand in a text. */
const PRIVATE_MEMBER = /"(?:d|p|q|dp|dq|qi|oth|k)"\s*:\s*(?:"[A-Za-z0-9_-]{20,}"|\[)/
/** PKCS#8 and SEC 1 in PEM; and in DER, the beginnings of P-256 and Ed25519 keys (RFC 5958, RFC 5915, RFC 8410). */
const PRIVATE_FORMS = [
  'PRIVATE KEY',
  Buffer.from('308187020100301306072a8648ce3d0201', 'hex').toString('latin1'),
  Buffer.from('302e020100300506032b6570', 'hex').toString('latin1'),
  Buffer.from('30770201010420', 'hex').toString('latin1'),
]

inEachWorld('what is stored, read raw', (world) => {
  it('has no private key in any form, of no key that ever signed, nor of agents and tasks', async () => {
    const w = world()
    const ada = await w.api('ada')
    const task = await w.open()
    await w.agent.token(task, `${w.gateway}/echo`)
    assert.equal((await ada.send('POST', '/keys', {})).status, 200)
    const master = w.rooms.master
    const rows = await w.rooms.storage.read.selectFrom('signing_keys').selectAll().execute()
    const secrets = rows.flatMap(({ kid, purpose, sealed }) => {
      const der = Buffer.from(master.open(sealed, `signing_keys/${purpose}/${kid}`))
      const key = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
      return [der, Buffer.from(String(key.export({ format: 'jwk' }).d), 'base64url')]
    })
    assert.equal(secrets.length, 6, 'two for tokens, one for the ledger')
    const text = (await readFile(join(w.data, 'master.key'), 'utf8')).trim()
    secrets.push(Buffer.from(text, 'base64url'))
    for (const purpose of ['pairwise subjects', 'counterparties', 'obligation-hash', 'DPoP nonces'])
      secrets.push(Buffer.from(master.derive(purpose)))

    const stored = await everythingStored(w)
    assert.ok(stored.includes(rows[0]?.kid ?? 'nothing'), 'the right files were read')
    for (const secret of secrets)
      for (const form of ['latin1', 'hex', 'base64', 'base64url'] as const)
        assert.ok(!stored.includes(secret.toString(form)), form)
    assert.doesNotMatch(stored, PRIVATE_MEMBER)
    for (const form of PRIVATE_FORMS) assert.ok(!stored.includes(form))
  })

  it('the search would find one', async () => {
    const w = world()
    const der = Buffer.from('308187020100301306072a8648ce3d0201', 'hex')
    await w.rooms.storage.transaction((tx) =>
      tx
        .insertInto('meta')
        .values({ key: 'canary', value: JSON.stringify({ kty: 'EC', d: 'A'.repeat(43) }) })
        .execute(),
    )
    await w.rooms.storage.transaction((tx) =>
      tx
        .insertInto('lasting_keys')
        .values({ purpose: 'canary', sealed: der, created_at: 0 })
        .execute(),
    )
    const stored = await everythingStored(w)
    assert.match(stored, PRIVATE_MEMBER)
    assert.ok(PRIVATE_FORMS.some((form) => stored.includes(form)))
    await w.rooms.storage.transaction((tx) =>
      tx.deleteFrom('lasting_keys').where('purpose', '=', 'canary').execute(),
    )
  })
})
