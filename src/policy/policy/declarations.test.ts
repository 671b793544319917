import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Shape } from '@remit/engine'
import { Declarations } from './declarations.ts'
import { schemaFor } from './schema.ts'
import { actionsWith, ORDERS_PLAN } from './testing.ts'

const MANY_KINDS = actionsWith({
  text: { type: 'string' },
  flag: { type: 'boolean' },
  count: { type: 'integer' },
  amount: { type: 'number' },
  at: { type: 'string', format: 'date-time' },
  'odd name': { type: 'string' },
  like: { type: 'array', items: { type: 'array', items: { type: 'number' } } },
  deep: {
    type: 'object',
    required: ['if'],
    properties: { if: { type: 'string' }, more: { type: 'object', properties: {} } },
  },
})

/** Type as the official tools read it, resolved. */
interface CedarType {
  readonly type: string
  readonly name?: string
  readonly element?: CedarType
  readonly attributes?: Readonly<Record<string, CedarType & { readonly required?: boolean }>>
}

type NamedTypes = Readonly<Record<string, CedarType>>

const KINDS: Readonly<Record<string, Shape['kind']>> = {
  String: 'string',
  Boolean: 'boolean',
  Bool: 'boolean',
  Long: 'long',
  ipaddr: 'ip',
}

function plain(shape: Shape): unknown {
  if (shape.kind === 'set') return { set: plain(shape.of) }
  if (shape.kind === 'entity') return { entity: shape.type }
  if (shape.kind !== 'record') return shape.kind
  const fields = Array.from(shape.fields, ([name, field]) => [
    `${name}${field.optional ? '?' : ''}`,
    plain(field.shape),
  ])
  return Object.fromEntries(fields.toSorted())
}

function official(type: CedarType, named: NamedTypes = {}): unknown {
  const meant = named[type.name ?? type.type]
  if (meant) return official(meant, named)
  if (type.element) return { set: official(type.element, named) }
  if (type.type === 'Entity') return { entity: type.name }
  if (type.type === 'Record') {
    const fields = Object.entries(type.attributes ?? {}).map(([name, field]) => [
      `${name}${field.required === false ? '?' : ''}`,
      official(field, named),
    ])
    return Object.fromEntries(fields.toSorted())
  }
  const name = type.type === 'Extension' ? (type.name ?? '') : type.type
  return KINDS[name] ?? name
}

describe('declarations of a schema', () => {
  it('are read as the official tools read them', () => {
    for (const actions of [ORDERS_PLAN.actions, MANY_KINDS, []]) {
      const schema = schemaFor(actions)
      const answer = cedar.schemaToJsonWithResolvedTypes(schema)
      assert.ok(answer.type === 'success', JSON.stringify(answer))
      const [all] = Object.values(answer.json)
      assert.ok(all)
      const named = (all.commonTypes ?? {}) as NamedTypes // as: of the official tools' JSON
      const declared = new Declarations(schema)
      const applying = Object.entries(all.actions).filter(
        ([, { appliesTo }]) => appliesTo?.principalTypes.length,
      )
      assert.deepEqual(
        [...declared.actions.keys()].toSorted(),
        applying.map(([name]) => name).toSorted(),
      )
      for (const [name, { appliesTo }] of applying) {
        const { context, principals, resources } = declared.request(name)
        assert.deepEqual([...principals].toSorted(), appliesTo?.principalTypes.toSorted())
        assert.deepEqual([...resources], appliesTo?.resourceTypes)
        assert.deepEqual(plain(context), official(appliesTo?.context as CedarType, named), name) // as: of the official tools' JSON
      }
      for (const [name, type] of Object.entries(all.entityTypes)) {
        const shape = declared.entities.get(name)
        assert.ok(shape && !('enum' in type), name)
        assert.deepEqual([...shape.parents], type.memberOfTypes ?? [], name)
        assert.deepEqual(
          plain(shape.attributes),
          official((type.shape ?? { type: 'Record' }) as CedarType, named),
          name,
        ) // as: likewise
      }
    }
  })

  it('that cannot be read make every evaluation fail that needs them', () => {
    const schema = schemaFor(ORDERS_PLAN.actions)
    assert.throws(
      () => new Declarations(schema.replace('issuer: String', 'issuer: Sting')),
      /Sting/,
    )
    assert.throws(() => new Declarations(schema.replace('type Task', 'kind Task')), SyntaxError)
    const odd = new Declarations(schema.replaceAll('requester?: Person', 'requester?: Nobody'))
    assert.throws(() => odd.request('orders.read'), /Nobody/)
    assert.throws(() => odd.request('toString'), /no action/)
  })

  it('are refused where the text is no schema that is written here', () => {
    const schema = schemaFor(ORDERS_PLAN.actions)
    const [preamble = ''] = schema.split('\n\n', 1)
    for (const [text, why] of [
      [`${preamble} kind;`, /`kind` declares nothing/],
      [`${preamble} %`, /a character/],
      [`${preamble} entity`, /ends too early/],
      [`${preamble} type Odd = { a: String, `, /ends too early/],
      [`${preamble} type Odd : String;`, /`:` where `=` is expected/],
      [`${preamble} entity Odd { a: Odd };`, /`Odd` is not known/],
    ] as const)
      assert.throws(() => new Declarations(text), { name: 'SyntaxError', message: why }, text)
    const blocks = [
      'action "odd" in [Action::"read"];',
      'action "odd" in [Action::"read"] appliesTo { principal: [Person], resource: [Resource], context: String };',
      'action "odd" in [Action::"read"] appliesTo { resource: [Resource], principal: [Person], context: {} };',
      'action "odd" in [Action::"read"] appliesTo { principal: [Person], resource: [Resource] };',
    ]
    for (const block of blocks)
      assert.throws(
        () => new Declarations(`${preamble}\n\n${block}\n`).request('odd'),
        SyntaxError,
        block,
      )
  })

  it('are the same each time, and tell the groups of each action', () => {
    const declared = new Declarations(schemaFor(ORDERS_PLAN.actions))
    assert.equal(declared.request('orders.read'), declared.request('orders.read'))
    const groups = new Map(declared.groups())
    assert.deepEqual(groups.get('orders.refund'), ['write', 'risk:high'])
    assert.deepEqual([...groups.keys()], [...declared.actions.keys()])
  })

  it('take a name of any characters that the catalog lets in', () => {
    const [preamble = ''] = schemaFor([]).split('\n\n', 1)
    const { entities } = new Declarations(
      `${preamble}\nentity Odd in [Group] { "a // b": Long, "if"?: Set<Set<Bool>>, };`,
    )
    assert.deepEqual(plain(entities.get('Odd')?.attributes ?? assert.fail()), {
      'a // b': 'long',
      'if?': { set: { set: 'boolean' } },
    })
  })
})
