import {
  type Action,
  findResource,
  listActions,
  listResources,
  type Resource,
} from '../../../catalog/catalog/index.ts'
import {
  acceptOffers,
  acceptRisks,
  applyImport,
  letServerAsk,
  listOffers,
  previewImport,
  rejectOffers,
  removeResource,
  renameAction,
  resumeResource,
  setDisplay,
  setMark,
  setPreview,
  setRisk,
  setSentence,
  setShown,
  setTokens,
  suspendResource,
  trustMappings,
} from '../../../catalog/catalog-changes/index.ts'
import {
  allowConfusables,
  groupNames,
  nameInGroup,
  setGroup,
} from '../../../catalog/resource-groups/index.ts'
import { connectResource } from '../../../identity/connections/index.ts'
import { requireOwners, setOwners } from '../../../identity/people/index.ts'
import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { setClaims } from '../../../tasks/facts/index.ts'
import { RESOURCES } from '../../api-operations/resources/resources.ts'
import { Imported } from '../../api-operations/resources/schemas.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import { type ApiCaller, acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { actionShape, publicResourceShape, resourceShape } from '../shapes.ts'
import { meaningOfImport } from './meaning-of-import.ts'
import { meaningOfRisks } from './meaning-of-risks.ts'
import { offeredShape, previewedChanges } from './offers.ts'
import { planOf } from './plan-of.ts'

const IMPORTED = Imported(kit)

async function resourceAnswer(
  parts: Pick<ApiParts, 'connections' | 'people' | 'spaces'>,
  name: string,
  shape = resourceShape,
) {
  const { read } = parts.connections.storage
  const resource = await findResource(read, name)
  if (!resource) throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
  const actions = (await listActions(read, name)).map(actionShape)
  const { owners = [] } = resource
  const owner_names = shape === resourceShape ? await ownerNames(parts, owners) : [...owners]
  return { ...shape(resource), owner_names, actions, ...(await namesInGroup(parts, resource)) }
}

const A_PERSON = 'person:'

async function ownerNames(
  parts: Pick<ApiParts, 'people'>,
  owners: readonly string[],
): Promise<string[]> {
  const idOf = (owner: string) => (owner.startsWith(A_PERSON) ? owner.slice(A_PERSON.length) : null)
  const nameOf = await personNames(parts, owners.map(idOf))
  return owners.map((owner) => nameOf(idOf(owner)) ?? owner)
}

/** Names in a group, with those that look alike. */
async function namesInGroup({ spaces }: Pick<ApiParts, 'spaces'>, resource: Resource) {
  if (!resource.members) return { names: [], look_alikes: [] }
  const view = await spaces.catalog.current()
  const { lookAlikes } = groupNames(view, view.resources.get(resource.name) ?? resource)
  const named = view
    .at(resource.identifier)
    .actions.filter(({ method }) => method !== 'resources/read')
  return {
    names: named.map((each) => ({ action: each.name, name: nameInGroup(each) })),
    look_alikes: lookAlikes.map(({ actions, ...rest }) => ({ actions: [...actions], ...rest })),
  }
}

function previewOf({
  arguments: given = [],
  read,
  result,
}: {
  readonly arguments?: readonly { readonly name: string; readonly path: string }[]
  readonly read: string | null
  readonly result?: boolean
}): Action['preview'] {
  if (read === null) return undefined
  const pointers = Object.fromEntries(given.map(({ name, path }) => [name, path]))
  return { action: read, arguments: pointers, ...(result ? { shows: 'result' } : {}) }
}

async function offers(parts: Pick<ApiParts, 'connections'>, resource: string) {
  const { read } = parts.connections.storage
  const reviewed = new Map((await listActions(read, resource)).map((each) => [each.name, each]))
  return {
    changes: await mapInSteps(await listOffers(read, resource), (offer) =>
      offeredShape(offer, reviewed.get(offer.action)),
    ),
  }
}

/** The digest of no import. */
const NOTHING = 'nothing'

function shapeFor({
  administrator,
}: ApiCaller): (resource: Resource) => ReturnType<typeof resourceShape> {
  return administrator ? resourceShape : publicResourceShape
}

interface Call {
  readonly caller: ApiCaller
  readonly params: { readonly name: string }
}

/** Changes the resource of the path, and shows how it is then. */
function change<C extends Call>(
  act: (
    parts: ApiParts['connections'],
    resource: { readonly name: string; readonly by: string },
    call: C,
  ) => Promise<unknown>,
) {
  return async (parts: Pick<ApiParts, 'connections' | 'people' | 'spaces'>, call: C) => {
    const { caller, params } = call
    await act(parts.connections, { name: params.name, by: caller.person.id }, call)
    return resourceAnswer(parts, params.name)
  }
}

interface ActionCall {
  readonly caller: ApiCaller
  readonly params: { readonly action: string }
}

/** Changes the action of the path, and shows how it is then. */
function changeAction<C extends ActionCall>(
  act: (
    parts: ApiParts['connections'],
    action: { readonly action: string; readonly by: string },
    call: C,
  ) => Promise<Action>,
) {
  return async ({ connections }: Pick<ApiParts, 'connections'>, call: C) => {
    const { caller, params } = call
    return actionShape(
      await act(connections, { action: params.action, by: caller.person.id }, call),
    )
  }
}

export const RESOURCE_OPERATIONS = acts(RESOURCES, {
  list: async (parts, { caller }) => ({
    resources: (await listResources(parts.connections.storage.read)).map(shapeFor(caller)),
  }),
  show: (parts, { caller, params }) => resourceAnswer(parts, params.name, shapeFor(caller)),
  import: {
    means: meaningOfImport,
    run: async (parts, { body, caller, confirmed, params }) => {
      const { accept = false, owners, ...wanted } = body
      // Before anything is done: an import with owners that are not there does nothing.
      await requireOwners(parts.connections.storage.read, owners ?? [])
      const plan = await planOf(parts, params.name, wanted)
      // Changes count as seen only if the confirmation could show them.
      const seen = confirmed && (confirmed.seen ?? NOTHING)
      const how = { accept, seen }
      const imported = await applyImport(parts.connections, plan, caller.person.id, how)
      if (owners)
        await setOwners(parts.connections, { name: params.name, owners, by: caller.person.id })
      return toJson(IMPORTED, imported)
    },
  },
  preview: async (parts, { body, params }) => {
    const { accept = false, owners = [], ...wanted } = body
    await requireOwners(parts.connections.storage.read, owners)
    const plan = await planOf(parts, params.name, wanted)
    const seen = await previewImport(parts.connections, plan, { accept })
    return { ...toJson(IMPORTED, seen), changes: await previewedChanges(plan.actions, seen) }
  },
  review: (parts, { params }) => offers(parts, params.name),
  accept: async (parts, { body: { changes }, caller, params: { name: resource } }) => {
    await acceptOffers(parts.connections, { resource, offers: changes, by: caller.person.id })
    return offers(parts, resource)
  },
  reject: async (parts, { body: { changes }, caller, params: { name: resource } }) => {
    await rejectOffers(parts.connections, { resource, offers: changes, by: caller.person.id })
    return offers(parts, resource)
  },
  connect: change((connections, { by, name: resource }, { body }) =>
    connectResource(connections, { resource, connection: body.connection ?? undefined, by }),
  ),
  group: async (parts, { body, caller, params: { name } }) => {
    const identifier = `${parts.gateway}/${name}`
    await setGroup(parts.connections, { ...body, name, identifier, by: caller.person.id })
    return resourceAnswer(parts, name)
  },
  'look-alikes': change((connections, resource, { body: { actions } }) =>
    allowConfusables(connections, { ...resource, actions }),
  ),
  mappings: change((connections, resource, { body: { trusted } }) =>
    trustMappings(connections, { ...resource, trusted }),
  ),
  'server-asks': change((connections, resource, { body: { asks } }) =>
    letServerAsk(connections, { ...resource, asks }),
  ),
  shows: change((connections, resource, { body: { shows } }) =>
    setShown(connections, { ...resource, shows }),
  ),
  tokens: change((connections, resource, { body }) =>
    setTokens(connections, { ...body, ...resource }),
  ),
  claims: change((connections, resource, { body: { claims } }) =>
    setClaims(connections, { ...resource, claims }),
  ),
  owners: change((connections, resource, { body: { owners } }) =>
    setOwners(connections, { ...resource, owners }),
  ),
  risk: changeAction((connections, action, { body: { risk } }) =>
    setRisk(connections, { ...action, risk }),
  ),
  'accept-risks': {
    means: meaningOfRisks,
    run: async (parts, { body, caller, params: { name: resource } }) => {
      await acceptRisks(parts.connections, { ...body, resource, by: caller.person.id })
      const actions = await listActions(parts.connections.storage.read, resource)
      return { actions: actions.map(actionShape) }
    },
  },
  rename: changeAction((connections, action, { body: { name } }) =>
    renameAction(connections, { ...action, name }),
  ),
  sentence: changeAction((connections, action, { body: { sentence } }) =>
    setSentence(connections, { ...action, sentence }),
  ),
  counterparty: changeAction((connections, action, { body: { path } }) =>
    setMark(connections, { ...action, mark: 'counterparty', path: path ?? undefined }),
  ),
  size: changeAction((connections, action, { body: { path } }) =>
    setMark(connections, { ...action, mark: 'size', path: path ?? undefined }),
  ),
  display: changeAction((connections, action, { body: { display, path } }) =>
    setDisplay(connections, { ...action, path, display: display ?? undefined }),
  ),
  'approval-preview': changeAction((connections, action, { body }) =>
    setPreview(connections, { ...action, preview: previewOf(body) }),
  ),
  suspend: change((connections, resource, { body: { reason = 'suspend by an administrator' } }) =>
    suspendResource(connections, { ...resource, reason }),
  ),
  resume: change((connections, resource, { body: { reason = 'resume by an administrator' } }) =>
    resumeResource(connections, { ...resource, reason }),
  ),
  remove: async (parts, { body, caller, params: { name } }) => {
    const { reason = 'removed by an administrator' } = body
    await removeResource(parts.connections, { name, by: caller.person.id, reason })
    return {}
  },
})
