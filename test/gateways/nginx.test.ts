import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PROBLEMS } from '../../src/platform/lib/problem.ts'
import { filledIn } from './filled-in.ts'

it('F8: nginx gives its caller each status that a refusal can have', () => {
  const file = filledIn('nginx/nginx.conf', {})
  const [, denied = ''] = file.split('location @remit-403 {')
  const told = [...denied.matchAll(/if \(\$remit_status = (\d+)\) \{ return (\d+) /g)]
  const statuses = told.map(([, status, returned]) => {
    assert.equal(status, returned)
    return Number(status)
  })
  // 401 has a place of its own, and 403 is what nginx got.
  const all = new Set(Object.values(PROBLEMS).map(({ status }) => status))
  for (const status of all)
    if (status !== 401 && status !== 403) assert.ok(statuses.includes(status), `${status}`)
})
