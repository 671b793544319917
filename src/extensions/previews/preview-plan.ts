import { type AccessRequest, type Leaf, readFrozen } from '../../approvals/access-requests/index.ts'
import type { Action, CatalogView, Resource } from '../../catalog/catalog/index.ts'
import { type PreviewAnswer, unfetched } from '../../tasks/approval-desk/index.ts'

/** Call that a preview makes. */
export interface PreviewPlan {
  readonly actions: readonly Action[]
  readonly resource: Resource
  readonly read: Action
  /** Values of the waiting call, by the names of the arguments that they are here. */
  readonly values: ReadonlyMap<string, Leaf>
}

const READS = new Set(['GET', 'tools/call'])

/** Plans the preview of a request by the catalog of now, or says why there is none. */
export function planPreview(
  catalog: CatalogView,
  request: Pick<AccessRequest, 'action' | 'call' | 'inspected' | 'resource'>,
): PreviewPlan | PreviewAnswer {
  const action = catalog.actions.get(request.action)
  const resource = catalog.resources.get(request.resource)
  const read = catalog.actions.get(action?.preview?.action ?? '')
  if (!action?.preview || !resource || read?.resource !== resource.name || !READS.has(read.method))
    return unfetched('the catalog names no action for it')
  if (action.digest !== readFrozen(request.call).definition)
    return unfetched('the definition of the action has changed since the call was made')
  if (resource.mode !== 'gateway') return unfetched('Remit does not call this API itself')
  const leaves = new Map(request.inspected?.map((leaf) => [leaf.path, leaf]))
  const values = new Map<string, Leaf>()
  for (const [name, path] of Object.entries(action.preview.arguments)) {
    const leaf = leaves.get(path)
    if (leaf) values.set(name, leaf)
  }
  const isNeeded = read.arguments.arguments.some(
    ({ name, nullable, required }) => required && !nullable && !values.has(name),
  )
  if (isNeeded) return unfetched('not all that it needs is in the call, or has a type')
  return { actions: catalog.actionsOf(resource.name), resource, read, values }
}
