import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256url } from '../../platform/lib/bytes.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { CLIENT_KINDS, type ClientKind } from './kinds.ts'
import { clientSecretDigest, newClientSecret } from './secret.ts'

test('a secret says what it is for, and is known by its digest', () => {
  for (const [kind, { prefix }] of Object.entries(CLIENT_KINDS)) {
    const { digest, secret } = newClientSecret(kind as ClientKind, systemRandom) // as: a key of the kinds
    const text = secret.reveal()
    assert.match(text, new RegExp(`^${prefix}[\\w-]{43}$`))
    assert.equal(digest, sha256url(text))
    assert.equal(clientSecretDigest(text), digest)
  }
})

test('a text of another form has no digest', () => {
  const text = newClientSecret('pep', systemRandom).secret.reveal()
  for (const bad of [
    ...['', 'pep_', 'pep_*', text.slice(4), text.slice(0, -1), `${text}A`, `x${text}`],
    ...[`key_${text.slice(4)}`, text.slice(0, 4) + 'A'.repeat(42), text.toUpperCase()],
  ])
    assert.equal(clientSecretDigest(bad), undefined, bad)
})
