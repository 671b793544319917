import { type AdmittedRequest, type Reach, reachOf } from '../../../../calls/calls/index.ts'
import { META } from '../../../../calls/mcp-messages/index.ts'
import type { Action, Resource } from '../../../../catalog/catalog/index.ts'
import {
  type GroupNames,
  groupNames,
  nameInGroup,
  uriInGroup,
} from '../../../../catalog/resource-groups/index.ts'
import { isObject, type Json, type JsonObject } from '../../../../platform/lib/json.ts'
import type { McpPorts } from '../ports.ts'

/** Offer of one server to a task, as it is written at the address that the task came to. */
export interface ServerOffer {
  readonly resource: Resource
  readonly reach: Reach
  /** Text that only offers which are written alike have in common; `undefined`: not known. */
  readonly mark: string | undefined
  /** An entry of a list; `undefined`: it is kept out. `key`: member that identifies it. */
  entry(action: Action, entry: JsonObject, key: string): JsonObject | undefined
}

/**
 * Answers what each server behind an address offers to a task. One that is suspended, or broken,
 * hides none of the others.
 */
export async function offersAt(
  who: AdmittedRequest,
  { catalog, decisions }: McpPorts,
): Promise<readonly ServerOffer[]> {
  const view = await catalog.current()
  const servers = view.at(who.resource.identifier).resources
  const reaches = await Promise.all(
    servers.map(async (resource) => {
      const reach = await reachOf(decisions, who, resource)
      // How entries are named at an address is a matter of the catalog.
      const mark = reach.mark && `${reach.mark} ${view.epoch} ${who.resource.name}`
      return { resource, reach, mark }
    }),
  )
  if (!who.resource.members) return reaches.map((each) => ({ ...each, entry: asItIs }))
  const names = groupNames(view, who.resource)
  const reached = new Map(
    reaches.flatMap(({ reach }) =>
      [...reach.actions, ...reach.attainable].map((action) => [action.name, action]),
    ),
  )
  return reaches.map((each) => ({
    ...each,
    entry: (action, entry, key) => inGroup(each.resource, action, { entry, key, names, reached }),
  }))
}

/** Answers what the offers rest on. A server at which nothing can be called now offers nothing that could end. */
export function restsOf(offers: readonly ServerOffer[]): readonly Reach['rests'][] {
  return offers.filter(({ reach }) => reach.isOpen).map(({ reach }) => reach.rests)
}

function asItIs(_action: Action, entry: JsonObject): JsonObject {
  return entry
}

/**
 * Writes an entry with its name, or address, in the group. What looks like it at another member is
 * told, as far as this task may know of it.
 */
function inGroup(
  member: Resource,
  action: Action,
  {
    entry,
    key,
    names,
    reached,
  }: {
    readonly entry: JsonObject
    readonly key: string
    readonly names: GroupNames
    readonly reached: ReadonlyMap<string, Action>
  },
): JsonObject | undefined {
  const own = String(entry.get(key))
  const title = entry.get('title')
  const titled: [string, Json][] =
    typeof title === 'string' ? [['title', `${member.title}: ${title}`]] : []
  const meta = entry.get('_meta')
  const marks = isObject(meta) ? [...meta] : []
  const ours: [string, Json][] = [
    [META.server, member.name],
    [META.name, own],
  ]
  const offerEntry = (more: readonly [string, Json][], also: readonly [string, Json][] = []) =>
    new Map<string, Json>([
      ...entry,
      ...titled,
      ...more,
      ['_meta', new Map<string, Json>([...marks, ...ours, ...also])],
    ])
  if (action.definition?.kind === 'resource')
    return offerEntry([[key, uriInGroup(member.name, own)]])
  const name = nameInGroup(action)
  if (names.find(action.method, name)?.name !== action.name) return undefined
  const others = names
    .of(action.name)
    .flatMap(({ actions }) => actions.flatMap((each) => reached.get(each) ?? []))
    .filter((each) => each.name !== action.name)
  if (others.length === 0) return offerEntry([[key, name]])
  const alike = [...new Set(others.map(nameInGroup))]
  const description = entry.get('description')
  const words = `${typeof description === 'string' ? `${description}\n\n` : ''}From the gateway: another server offers something of this name, or one that looks like it: ${alike.join(', ')}. They are not the same.`
  return offerEntry(
    [
      [key, name],
      ['description', words],
    ],
    [[META.looksLike, alike]],
  )
}
