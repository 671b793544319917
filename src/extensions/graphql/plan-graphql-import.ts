import type { Risk } from '@remit/engine'
import {
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  OperationTypeNode,
} from 'graphql'
import { badDocument } from '../../catalog/argument-types/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import {
  actionOf,
  definitionDigest,
  firstSentence,
  type ImportOptions,
  type ImportPlan,
  kebab,
  NamedActions,
  type PackedPlan,
  packPlan,
  planResource,
  proposedSentence,
} from '../../catalog/catalog-changes/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { describe, rootFieldArguments } from './root-field.ts'
import { readSchema, schemaText } from './schema.ts'

const MAX_FIELDS = 2_000
const KINDS = [OperationTypeNode.QUERY, OperationTypeNode.MUTATION] as const
const DANGEROUS = /^(?:delete|destroy|drop|erase|purge|remove)/i

/**
 * Reads a GraphQL schema as a resource: one action for each root field of queries and mutations, and one for introspection, whose
 * definition is the schema that operations are read by. Pure: fetches nothing, writes nothing.
 * @throws Problem `catalog.bad_document`, `catalog.bad_resource`
 */
export function planGraphqlImport(source: unknown, options: ImportOptions): ImportPlan {
  const schema = readSchema(source)
  const text = schemaText(schema)
  const resource = planResource(options, {
    ...{ title: undefined, upstream: undefined, documentDigest: sha256url(text) },
    ...{ protocol: 'graphql', server: undefined },
  })
  const plan = new NamedActions(resource.name, options.known ?? [])
  const nested = fieldsWithArguments(schema)
  for (const kind of KINDS) {
    const fields = Object.values(schema.getRootType(kind)?.getFields() ?? {})
    if (fields.length > MAX_FIELDS) throw badDocument(`it has more than ${MAX_FIELDS} root fields`)
    for (const field of fields) {
      const wire = `${kind}.${field.name}`
      plan.one(`${kind}.${kebab(field.name)}`, { kind: 'operation', wire }, (named) => ({
        action: withNested(
          actionOf(named, {
            method: `graphql/${kind}`,
            access: kind === 'query' ? 'read' : 'write',
            risk: riskOf(kind, field.name),
            arguments: rootFieldArguments(field.args),
            sentence: proposedSentence(
              wire,
              rootFieldArguments(field.args),
              firstSentence(field.description ?? undefined),
            ),
            definition: { kind: 'operation', name: wire, json: describe(field) },
          }),
          nested.has(getNamedType(field.type).name),
        ),
        notes: [],
      }))
    }
  }
  plan.one('introspect', { kind: 'operation', wire: '__schema' }, (named) => ({
    action: actionOf(named, {
      ...{ method: 'graphql/introspection', access: 'read', risk: 'low' },
      sentence: 'Read the schema of the API',
      arguments: rootFieldArguments([]),
      definition: { kind: 'operation', name: '__schema', json: canonicalJson({ schema: text }) },
    }),
    notes: [],
  }))
  const left = schema.getSubscriptionType()
    ? ['subscriptions are left out: they are not offered']
    : []
  return { resource, actions: [...plan.actions.values()], notes: [...left, ...plan.notes()] }
}

/** `planGraphqlImport`, for another thread. */
export function planPackedGraphqlImport(source: unknown, options: ImportOptions): PackedPlan {
  return packPlan(planGraphqlImport(source, options))
}

function riskOf(kind: OperationTypeNode, name: string): Risk {
  if (kind === OperationTypeNode.QUERY) return 'low'
  return DANGEROUS.test(name) ? 'high' : 'medium'
}

function withNested(action: Action, isNested: boolean): Action {
  if (!isNested) return action
  const reason = 'arguments of fields below the root field are sent and shown, and not typed'
  const whole = { ...action, untyped: [...action.untyped, { at: '/selected_fields', reason }] }
  return { ...whole, digest: definitionDigest(whole) }
}

/** Names of the output types from which a field with arguments can be reached. */
function fieldsWithArguments(schema: GraphQLSchema): ReadonlySet<string> {
  const leadTo = new Map<string, string[]>()
  const found: string[] = []
  const lead = (from: string, to: string) => leadTo.set(to, [...(leadTo.get(to) ?? []), from])
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    const isFields = isObjectType(type) || isInterfaceType(type)
    for (const field of isFields ? Object.values(type.getFields()) : []) {
      if (field.args.length > 0) found.push(type.name)
      lead(type.name, getNamedType(field.type).name)
    }
    if ('getTypes' in type) for (const each of type.getTypes()) lead(type.name, each.name)
    if (isInterfaceType(type))
      for (const each of schema.getPossibleTypes(type)) lead(type.name, each.name)
  }
  const reached = new Set(found)
  for (const name of reached) for (const from of leadTo.get(name) ?? []) reached.add(from)
  return reached
}
