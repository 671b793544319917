import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { secretFilter } from './secret-filter.ts'

test('an echoed secret is blanked however the answer is cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      (secret, text, cuts) => {
        const filter = secretFilter([secret])
        const edges = [
          0,
          ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b),
          text.length,
        ]
        const out: Buffer[] = []
        for (let i = 0; i + 1 < edges.length; i++)
          out.push(filter.push(Buffer.from(text.slice(edges[i], edges[i + 1]))))
        out.push(filter.rest())
        const seen = Buffer.concat(out).toString()
        assert.equal(seen, text.replaceAll(secret, '*'.repeat(secret.length)))
        assert.equal(filter.found, text.includes(secret))
      },
    ),
    { numRuns: 3000 },
  )
})

test('nothing is held back when nothing was injected', () => {
  const filter = secretFilter([])
  assert.equal(filter.push(Buffer.from('data: tick\n\n')).toString(), 'data: tick\n\n')
})
