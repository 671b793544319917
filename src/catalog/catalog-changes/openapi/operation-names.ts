import type { JsonObject } from '../../../platform/lib/json.ts'
import { textAt } from '../../argument-types/index.ts'
import { givenNames } from '../../catalog/index.ts'
import { freeName, type KnownOperation, slug } from '../plan-resource.ts'

interface NamedOperation {
  readonly method: string
  readonly path: string
  readonly operation: JsonObject
}

/**
 * Names of the operations of a document. INVARIANT: an imported operation keeps its name, however the rule for new ones changes; and no
 * operation gets a name that an administrator gave another.
 */
export class OperationNames {
  readonly #resource: string
  readonly #known: ReadonlyMap<string, KnownOperation>
  readonly #given: ReadonlySet<string>
  /** Number of operations that could have a name. */
  readonly #wanted = new Map<string, number>()

  constructor(
    resource: string,
    operations: readonly NamedOperation[],
    known: readonly KnownOperation[],
  ) {
    this.#resource = resource
    this.#known = new Map(known.map((each) => [each.name, each]))
    this.#given = new Set(known.flatMap(givenNames))
    for (const place of operations)
      for (const name of new Set([this.#whole(place), this.#short(place)]))
        if (name !== undefined) this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1)
  }

  /** The name of one, in the order of the document; `taken`: names of those before it. */
  of(place: NamedOperation, taken: ReadonlyMap<string, unknown>): string {
    const whole = this.#whole(place)
    const short = this.#short(place)
    const wish = short !== undefined && this.#fits(short, whole, place) ? short : whole
    return freeName(wish, { has: (name) => taken.has(name) || this.#given.has(name) })
  }

  #fits(short: string, whole: string, { method, path }: NamedOperation): boolean {
    if (this.#known.has(whole)) return false
    const known = this.#known.get(short)
    if (known?.method === method && known.path === path) return true
    return this.#wanted.get(short) === 1 && !this.#given.has(short)
  }

  #whole({ method, operation, path }: NamedOperation): string {
    return `${this.#resource}.${operationName(this.#resource, method, path, operation)}`
  }

  #short({ method, operation, path }: NamedOperation): string | undefined {
    const own = textAt(operation, 'operationId')
    if (own === undefined || operation.has('x-remit-action')) return undefined
    const name = cut(slug(withoutPath(own, method, path)))
    return name === '' || own === withoutPath(own, method, path)
      ? undefined
      : `${this.#resource}.${name}`
  }
}

/**
 * Takes away what FastAPI puts behind the name of a function to make an id of it, path and method: `read_item_items__item_id__get` of
 * `GET /items/{item_id}` → `read_item` (its `generate_unique_id`).
 */
function withoutPath(id: string, method: string, path: string): string {
  const behind = `${path.replaceAll(/[^\p{L}\p{N}_]/gu, '_')}_${method.toLowerCase()}`
  return id.endsWith(behind) ? id.slice(0, -behind.length) : id
}

/**
 * Names the operation as the document calls it: by `x-remit-action`, else `operationId`, else
 * method and path; as a lower-case name.
 */
function operationName(
  resource: string,
  method: string,
  path: string,
  operation: JsonObject,
): string {
  const wish = textAt(operation, 'x-remit-action')?.replace(new RegExp(`^${resource}\\.`), '')
  const own = textAt(operation, 'operationId')
  const name = slug(wish ?? own ?? '') || slug(`${method} ${path}`)
  return cut(name)
}

function cut(name: string): string {
  return name.slice(0, 80).replace(/[._-]+$/, '')
}
