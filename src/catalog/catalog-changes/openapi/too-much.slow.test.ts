import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { jsonBody, onlyAction, operationDocument, planImport } from '../../catalog/testing.ts'
import { planImportInWorker } from '../import/plan-import-in-worker.ts'

const OPTIONS = { name: 'things', identifier: 'http://127.0.0.1:7481/things' } as const

function actionOf(schema: unknown, rest: object = {}) {
  const document = operationDocument(jsonBody(schema), rest)
  return onlyAction(planImport(document, OPTIONS))
}

/** The type of the member `x` of a body. */
describe('documents that are meant to be too much', () => {
  /** Each schema refers `wide` times to the next. */
  function fan(keyword: string, wide: number) {
    const schemas = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `S${i}`,
        {
          [keyword]: Array.from({ length: wide }, () => ({
            $ref: `#/components/schemas/S${i + 1}`,
          })),
        },
      ]),
    )
    return {
      schemas: { ...schemas, S20: { type: 'object', properties: { a: { type: 'string' } } } },
    }
  }
  const body = jsonBody({ $ref: '#/components/schemas/S0' })

  it('end in what is not typed where it is one operation', () => {
    for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
      const action = actionOf({ $ref: '#/components/schemas/S0' }, { components: fan(keyword, 30) })
      assert.match(action.untyped[0]?.reason ?? '', /too many parts|too deep|too large/)
    }
  })

  it('end in a refusal where it is all of them', async () => {
    const many = (item: (i: number) => object) =>
      Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`/p${i}`, item(i)]))
    const wide = Array.from({ length: 20_000 }, (_, i) => ({ name: `p${i}`, in: 'query' }))
    const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`p${i}`, {}]))
    const documents: readonly (readonly [unknown, RegExp])[] = [
      [
        {
          ...operationDocument({}),
          paths: many(() => ({ post: body })),
          components: fan('oneOf', 100),
        },
        /unfold to more than/,
      ],
      [
        {
          ...operationDocument({}),
          paths: many(() => ({ $ref: '#/components/pathItems/wide' })),
          components: { pathItems: { wide: { get: {}, parameters: wide } } },
        },
        /unfold to more than/,
      ],
      [operationDocument(jsonBody({ type: 'object', properties: members })), /100000 members/],
      [`openapi: 3.1.0\nx: ${'['.repeat(100_000)}${']'.repeat(100_000)}`, /not YAML/],
      [`{"openapi":"3.1.0","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /nested deeper/],
    ]
    for (const [document, detail] of documents)
      await assert.rejects(planImportInWorker(document, OPTIONS), {
        code: 'catalog.bad_document',
        detail,
      })
  })
})
