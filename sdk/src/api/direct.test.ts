import assert from 'node:assert/strict'
import { it } from 'node:test'
import { UsageError } from '../errors.ts'
import { direct } from './direct.ts'

it('a guard without a secret, or with a name in its place, is not made', () => {
  const where = { issuer: 'https://remit.example', resource: 'https://api.example' }
  for (const secret of ['', 'shop-api'])
    assert.throws(() => direct({ ...where, secret }), UsageError)
  direct({ ...where, secret: `enf_${'A'.repeat(43)}` })
})
