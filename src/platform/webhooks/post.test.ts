import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { DeliveryError } from './delivery-error.ts'
import { postTo } from './post.ts'

it('W6: an address that is refused, unknown or silent is told in the same words', async () => {
  const failures = [
    new Problem('outbound.refused', '`in.example` leads to 10.0.0.7, which may not be reached'),
    new Problem('outbound.unreachable', '`in.example` does not resolve'),
    new Problem('outbound.unreachable', '`in.example` has no address'),
    new Problem('outbound.unreachable', 'connect ECONNREFUSED 192.0.2.7:443'),
  ]
  for (const failure of failures) {
    const outbound = { fetch: () => Promise.reject(failure) }
    const message = { headers: {}, body: '' }
    const error = await postTo({ outbound }, 'https://in.example/hook', message).catch((e) => e)
    assert.ok(error instanceof DeliveryError)
    assert.equal(error.told, '`in.example` cannot be reached from here')
    assert.equal(error.message, failure.detail, 'administrators and logs have all of it')
  }
})
