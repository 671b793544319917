import assert from 'node:assert/strict'
import { it } from 'node:test'
import { UsageError } from '../errors.ts'
import { direct } from './direct.ts'

it('a guard without a secret, or with an id in its place, is not made', () => {
  const where = { issuer: 'https://remit.example', resource: 'https://api.example' }
  for (const secret of ['', `enf_${'A'.repeat(22)}`])
    assert.throws(() => direct({ ...where, secret }), UsageError)
  direct({ ...where, secret: `enf_${'A'.repeat(43)}` })
})
