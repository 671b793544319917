import type { CatalogView } from '../../../catalog/catalog/index.ts'
import { isObject, parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { RequestParameters } from './parameters.ts'

/**
 * The one resource that a request is about (RFC 8707), behind our gateway. Where it names none (section 2 lets a server choose):
 * where its details are (RFC 9396), the one resource that all the actions in its scope are of, or the client's usual one.
 * INVARIANT: never guessed among several.
 * @throws Problem `resource.unknown`
 */
export function requestedResource(
  view: CatalogView,
  { form }: RequestParameters,
  usual: string | undefined,
): string {
  const identifier = form.get('resource') ?? impliedResource(view, form, usual)
  const resource = view.byIdentifier.get(identifier)
  if (resource?.mode !== 'gateway' || resource.status !== 'active')
    throw new Problem('resource.unknown', 'there is no such resource')
  return identifier
}

function impliedResource(
  view: CatalogView,
  form: RequestParameters['form'],
  usual: string | undefined,
): string {
  const details = form.get('authorization_details')
  const named = new Set(details === undefined ? [] : locationsOf(details))
  for (const name of form.get('scope')?.split(' ') ?? []) {
    const action = view.actions.get(name)
    const resource = action && view.resources.get(action.resource)
    if (resource) named.add(resource.identifier)
  }
  if (named.size === 0 && usual !== undefined) return usual
  const [only, ...others] = named
  if (only !== undefined && others.length === 0) return only
  throw new Problem('resource.unknown', only === undefined ? NOTHING_NAMED : severalOf([...named]))
}

const NOTHING_NAMED =
  "'resource' is needed: the address of the server that the token is for, or 'authorization_details' or a scope that say it"
const MAX_TOLD = 10
/** Characters of details that are looked at; longer ones are refused. */
const MAX_READ = 16_384

function severalOf(named: readonly string[]): string {
  const told = named.toSorted().slice(0, MAX_TOLD).join(' ')
  return `'resource' is needed, and is one of those that the request is about: ${told}`
}

/** Reads the locations of the details of a request, as far as they can be read; `readAskedDetails` names their faults. */
function locationsOf(text: string): readonly string[] {
  if (text.length > MAX_READ) return []
  try {
    const details = parseJson(text)
    if (!Array.isArray(details)) return []
    return details.flatMap((each) => {
      const locations = isObject(each) ? each.get('locations') : undefined
      return Array.isArray(locations) ? locations.filter((one) => typeof one === 'string') : []
    })
  } catch (error) {
    if (error instanceof Problem) return []
    throw error
  }
}
