import { isArray, isObject } from './json.ts'
import type { EntityShape, Field, RecordShape, RequestShape, Shape } from './shape.ts'

/** Shapes as plain JSON, for programs that evaluate elsewhere by declarations made here. */
export type ShapeJson =
  | string
  | { readonly entity: string }
  | { readonly set: ShapeJson }
  | { readonly record: readonly (readonly [name: string, shape: ShapeJson, optional: boolean])[] }

export interface EntityShapeJson {
  readonly attributes: ShapeJson
  readonly tags?: ShapeJson
  readonly parents: readonly string[]
}

export interface RequestShapeJson {
  readonly principals: readonly string[]
  readonly resources: readonly string[]
  readonly context: ShapeJson
}

const KINDS = ['string', 'boolean', 'long', 'decimal', 'datetime', 'duration', 'ip'] as const

export function requestShapeToJson(shape: RequestShape): RequestShapeJson {
  const { context, principals, resources } = shape
  return {
    principals: [...principals],
    resources: [...resources],
    context: shapeToJson(context),
  }
}

export function entityShapeToJson({ attributes, parents, tags }: EntityShape): EntityShapeJson {
  return {
    attributes: shapeToJson(attributes),
    ...(tags === undefined ? {} : { tags: shapeToJson(tags) }),
    parents: [...parents],
  }
}

function shapeToJson(shape: Shape): ShapeJson {
  switch (shape.kind) {
    case 'entity':
      return { entity: shape.type }
    case 'set':
      return { set: shapeToJson(shape.of) }
    case 'record':
      return {
        record: Array.from(
          shape.fields,
          ([name, field]) => [name, shapeToJson(field.shape), field.optional] as const,
        ),
      }
    default:
      return shape.kind
  }
}

/** @throws TypeError for what is no shape */
export function requestShapeFromJson(json: unknown): RequestShape {
  const { context, principals, resources } = objectOf(json)
  return {
    principals: new Set(textsOf(principals)),
    resources: new Set(textsOf(resources)),
    context: recordFrom(context),
  }
}

/** @throws TypeError for what is no shape */
export function entityShapeFromJson(json: unknown): EntityShape {
  const { attributes, parents, tags } = objectOf(json)
  return {
    attributes: recordFrom(attributes),
    tags: tags === undefined ? undefined : shapeFromJson(tags),
    parents: new Set(textsOf(parents)),
  }
}

function recordFrom(json: unknown): RecordShape {
  const shape = shapeFromJson(json)
  if (shape.kind !== 'record') throw new TypeError('not the shape of a record')
  return shape
}

function shapeFromJson(json: unknown): Shape {
  const kind = KINDS.find((each) => each === json)
  if (kind !== undefined) return { kind }
  const { entity, record, set } = objectOf(json)
  if (typeof entity === 'string') return { kind: 'entity', type: entity }
  if (set !== undefined) return { kind: 'set', of: shapeFromJson(set) }
  if (!isArray(record)) throw new TypeError('not a shape')
  return { kind: 'record', fields: new Map(record.map(fieldFrom)) }
}

function fieldFrom(json: unknown): readonly [string, Field] {
  const [name, shape, optional] = isArray(json) ? json : []
  if (typeof name !== 'string' || typeof optional !== 'boolean') throw new TypeError('not a field')
  return [name, { shape: shapeFromJson(shape), optional }]
}

function objectOf(json: unknown) {
  if (!isObject(json)) throw new TypeError('not a shape')
  return json
}

function textsOf(json: unknown): readonly string[] {
  if (isArray(json) && json.every((each) => typeof each === 'string')) return json
  throw new TypeError('not a list of names')
}
