import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { pointerTo } from '../../platform/lib/json-pointer.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Action,
  type CatalogParts,
  changeAction,
  changeCatalog,
  countedAccess,
  kindAt,
} from '../catalog/index.ts'
import { requireAction } from './change-action.ts'

type Preview = NonNullable<Action['preview']>
type Operation = Pick<
  Action,
  'access' | 'arguments' | 'definition' | 'method' | 'name' | 'resource' | 'risk' | 'riskProposed'
>

/**
 * Mistake in what an action names as its preview, in words; `undefined` when it can be fetched so. `read`: the action
 * that it names.
 * INVARIANT: a preview only reads, and only where the call goes.
 */
function previewMistake(
  action: Pick<Action, 'arguments' | 'resource'>,
  { arguments: given }: Preview,
  read: Operation | undefined,
): string | undefined {
  if (!read || read.resource !== action.resource) return 'the resource has no such action'
  if (countedAccess(read) !== 'read')
    return `${read.name} may change something, or is not confirmed to only read`
  if (read.method !== 'GET' && read.method !== 'tools/call')
    return `${read.name} is neither a GET operation nor an MCP tool`
  const known = read.arguments.arguments
  const unknown = Object.keys(given).find((name) => !known.some((each) => each.name === name))
  if (unknown !== undefined) return `${read.name} has no argument \`${unknown.slice(0, 200)}\``
  for (const { name, nullable, place, required, type } of known) {
    const path = given[name]
    if (path === undefined || (place === 'body' && read.method === 'GET')) {
      if (path !== undefined) return `\`${name}\` would be in the body of a GET operation`
      if (required && !nullable) return `${read.name} needs the argument \`${name}\``
    } else if (kindAt(action, path) !== type.kind)
      return `\`${path.slice(0, 200)}\` does not lead to an argument of the same type as \`${name}\``
  }
  return undefined
}

/**
 * Proposes previews: what an OpenAPI link of an answer says (`linked`, by the action with the link), or else the GET
 * operation of the same path. An administrator has the last word (`setPreview`).
 */
export function proposePreviews(
  actions: readonly Action[],
  linked: ReadonlyMap<string, readonly Preview[]>,
): readonly Action[] {
  const byName = new Map(actions.map((each) => [each.name, each]))
  const byPath = new Map(
    actions.flatMap((each) => (each.method === 'GET' ? [[each.path, each]] : [])),
  )
  return actions.map((action) => {
    if (action.access === 'read') return action
    const same = byPath.get(action.path)
    const candidates = [
      ...(linked.get(action.name) ?? []),
      // A member of a collection is another thing than the one that the call changes.
      ...(same && action.method !== 'POST' ? [previewOf(same)] : []),
    ]
    const preview = candidates.find(
      (each) => previewMistake(action, each, byName.get(each.action)) === undefined,
    )
    return preview ? { ...action, preview } : action
  })
}

function previewOf({ arguments: { arguments: given }, name }: Action): Preview {
  const inPath = given.filter(({ place }) => place === 'path')
  return {
    action: name,
    arguments: Object.fromEntries(inPath.map((each) => [each.name, pointerTo(each.name)])),
  }
}

/**
 * Sets the action that approvers can look at before they answer; `undefined`: none. The sent and the
 * hashed call stay as they are.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_preview`, `catalog.changed`
 */
export async function setPreview(
  parts: CatalogParts,
  change: { readonly action: string; readonly preview: Preview | undefined; readonly by: string },
): Promise<Action> {
  const { by } = change
  const action = await requireAction(parts, change.action)
  const read = change.preview && (await requireAction(parts, change.preview.action))
  const preview = change.preview && read && { ...change.preview, action: read.name }
  const after: Action = { ...action, preview }
  if (preview) {
    const mistake = previewMistake(action, preview, read)
    if (mistake !== undefined)
      throw new Problem('catalog.bad_preview', `${action.name} has no such preview: ${mistake}`)
  }
  await changeCatalog(parts, {
    write: async (tx) => {
      await changeAction(tx, action.name, { preview: preview ? canonicalJson(preview) : null })
      await parts.ledger.append(tx, {
        type: 'action.preview_set',
        resource: action.resource,
        action: action.name,
        by,
        facts: { preview: preview?.action ?? null, before: action.preview?.action ?? null },
      })
    },
    raises: [],
  })
  return after
}
