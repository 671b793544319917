import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Certificate } from 'pkijs'
import { checkConstraints } from './constraints.ts'

const dns = (value: string) => ({ type: 2, value })

/** A certificate as far as its names and constraints are looked at. */
function certificate(names: readonly object[], permitted: readonly object[] = []): Certificate {
  const extensions = [
    { extnID: '2.5.29.17', parsedValue: { altNames: names } },
    ...(permitted.length === 0
      ? []
      : [
          {
            extnID: '2.5.29.30',
            parsedValue: { permittedSubtrees: permitted.map((base) => ({ base })) },
          },
        ]),
  ]
  return { extensions, subject: { typesAndValues: [] } } as unknown as Certificate // as: only what is looked at
}

const many = (count: number) => Array.from({ length: count }, (_, i) => dns(`h${i}.inside.example`))

test('names and constraints are compared a bounded number of times, and what is beyond is refused', () => {
  const own = (count: number) => certificate(many(count))
  const authority = (count: number) =>
    certificate([], many(count - 1).concat(dns('inside.example')))
  checkConstraints([own(100), authority(100)])
  for (const [names, constraints] of [
    [101, 100],
    [100, 101],
    [10_001, 1],
  ] as const)
    assert.throws(() => checkConstraints([own(names), authority(constraints)]), {
      code: 'certificate.not_trusted',
      detail: /more than 10000 comparisons/,
    })
})
