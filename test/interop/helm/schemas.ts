import { parse } from 'yaml'

/** JSON schema, as far as it is changed here. */
interface Schema {
  [member: string]: unknown
  properties?: Record<string, Schema>
  additionalProperties?: unknown
}
interface Definition extends Schema {
  'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[]
}

/** Types that are written as a string or a number, which OpenAPI 2 cannot say. */
const STRING_OR_NUMBER = [
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  'io.k8s.apimachinery.pkg.api.resource.Quantity',
]
const DEFINITIONS = 'definitions.json'

/** Schemas of all resources of Kubernetes, by file: unknown members are errors. */
export function schemasOfKubernetes(swagger: string): Readonly<Record<string, Schema>> {
  const { definitions }: { definitions: Record<string, Definition> } = JSON.parse(swagger)
  for (const name of STRING_OR_NUMBER) definitions[name] = { type: ['string', 'number'] }
  const files: Record<string, Schema> = { [DEFINITIONS]: { definitions } }
  for (const [name, definition] of Object.entries(definitions)) {
    forbidOthers(definition)
    for (const { group, kind, version } of definition['x-kubernetes-group-version-kind'] ?? [])
      files[fileOf(group, version, kind)] = { $ref: `${DEFINITIONS}#/definitions/${name}` }
  }
  return files
}

/** Schema of a resource that a definition (CRD) adds to Kubernetes, by file. */
export function schemaOfCustomResource(definition: string): Readonly<Record<string, Schema>> {
  const { spec }: CustomResource = parse(definition)
  return Object.fromEntries(
    spec.versions.map(({ name, schema }) => {
      deep(schema.openAPIV3Schema)
      const file = fileOf(spec.group, name, spec.names.kind)
      const { properties = {} } = schema.openAPIV3Schema
      return [file, { ...schema.openAPIV3Schema, properties: { ...properties, metadata: {} } }]
    }),
  )
}

interface CustomResource {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[]
  }
}

/** Name that kubeconform asks for: `deployment-apps-v1.json`. */
function fileOf(group: string, version: string, kind: string): string {
  const [first] = group.split('.')
  return `${[kind.toLowerCase(), ...(first ? [first] : []), version].join('-')}.json`
}

function forbidOthers(schema: Schema): void {
  if (schema.properties) schema.additionalProperties ??= false
}

function deep(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  if (!Array.isArray(schema)) forbidOthers(schema as Schema) // as: an object of JSON
  for (const member of Object.values(schema)) deep(member)
}
