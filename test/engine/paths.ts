/** Paths that the variables of a policy lead to, by the type of what is there. */
import type { Scene } from './expressions.ts'
import type { Expr } from './forms.ts'
import { type Fields, keyOf, type Schema, type Type } from './schema.ts'

export interface Path {
  readonly expr: Expr
  readonly type: Type
  /** Tests for everything optional on the way, outermost first. */
  readonly needs: readonly Expr[]
  /** Question whether it is there, and what that question needs; absent for a variable. */
  readonly asked?: { readonly has: Expr; readonly needs: readonly Expr[] }
}

const MAX_LENGTH = 3
const known = new WeakMap<Schema, Map<string, ReadonlyMap<string, readonly Path[]>>>()

export function pathsIn({
  principal,
  resource,
  schema,
}: Scene): ReadonlyMap<string, readonly Path[]> {
  const ofSchema = known.get(schema) ?? new Map()
  known.set(schema, ofSchema)
  const key = `${principal} ${resource}`
  const found =
    ofSchema.get(key) ?? Map.groupBy(all(principal, resource, schema), ({ type }) => keyOf(type))
  ofSchema.set(key, found)
  return found
}

function all(principal: string, resource: string, schema: Schema): Path[] {
  const entity = (variable: string, name: string): Path => ({
    expr: { Var: variable },
    type: { kind: 'Entity', name },
    needs: [],
  })
  const context = { expr: { Var: 'context' }, type: schema.context, needs: [] }
  const roots: Path[] = [entity('principal', principal), entity('resource', resource), context]
  return roots.flatMap((root) => [root, ...below(root, schema, MAX_LENGTH)])
}

function below(path: Path, schema: Schema, depth: number): Path[] {
  const fields = fieldsOf(path.type, schema)
  if (!fields || depth === 0) return []
  return [...fields].flatMap(([attr, { optional, type }]) => {
    const has = hasOf(path.expr, attr)
    const expr = { '.': { left: path.expr, attr } }
    const needs = optional ? [...path.needs, has] : path.needs
    const found = { expr, type, needs, asked: { has, needs: path.needs } }
    return [found, ...below(found, schema, depth - 1)]
  })
}

function fieldsOf(type: Type, schema: Schema): Fields | undefined {
  if (type.kind === 'Record') return type.fields
  return type.kind === 'Entity' ? schema.entities.get(type.name)?.attributes : undefined
}

/** `a has b.c` in the one form, where names allow it, and `a.b has c` in the other. */
function hasOf(left: Expr, attr: string): Expr {
  const inner = left['.']
  if (attr.length % 2 === 1 && typeof inner === 'object' && inner !== null && 'left' in inner) {
    const { attr: before, left: base } = inner as { attr: string; left: Expr } // as: made above
    return { has: { left: base, attr: [before, attr] } }
  }
  return { has: { left, attr } }
}
