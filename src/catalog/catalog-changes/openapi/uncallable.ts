import type { ArgumentSchema } from '@remit/engine'
import { DECIDED_HEADERS } from '../../../platform/lib/decided-headers.ts'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import { resolve, textAt } from '../../argument-types/index.ts'

/** Headers that OpenAPI describes elsewhere, or that Remit writes: a parameter of this name is ignored (OpenAPI 3.1, 4.8.12.1). */
const NO_PARAMETERS: readonly string[] = ['accept', 'content-type', 'authorization']

/**
 * Says why an operation cannot be called through the gateway as it is described; `undefined`: it can. `parameters`: those of the path
 * and of the operation.
 */
export function whyUncallable(
  document: JsonObject,
  { arguments: args, body }: ArgumentSchema,
  parameters: Iterable<JsonObject>,
): string | undefined {
  const whole = args.find(({ place }) => place === 'body')
  if (body.form === 'opaque' && body.required)
    return `its body cannot be read: ${whole?.type.kind === 'untyped' ? whole.type.reason : ''}`
  for (const parameter of parameters) {
    const place = textAt(parameter, 'in')
    const name = textAt(parameter, 'name') ?? ''
    if (parameter.get('required') !== true) continue
    if (place === 'cookie') return `it requires the cookie \`${name}\`, and cookies are not sent on`
    if (place === 'header' && !isSentOn(name.toLowerCase(), document))
      return `it requires the header \`${name}\`, which is not sent on for callers; that of the connection is`
  }
  return undefined
}

function isSentOn(header: string, document: JsonObject): boolean {
  const known: readonly string[] = [...DECIDED_HEADERS, ...NO_PARAMETERS]
  return known.includes(header) || credentialHeaders(document).includes(header)
}

/** Headers of API keys, which a connection sends. */
function credentialHeaders(document: JsonObject): readonly string[] {
  const components = document.get('components')
  const schemes = isObject(components) ? components.get('securitySchemes') : undefined
  return [...(isObject(schemes) ? schemes.values() : [])].flatMap((node) => {
    const scheme = resolve(document, node)
    return scheme.ok && textAt(scheme.value, 'in') === 'header'
      ? (textAt(scheme.value, 'name')?.toLowerCase() ?? [])
      : []
  })
}
