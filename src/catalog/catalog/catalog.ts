import type { ArgumentKind, ArgumentType, KindOf } from '@remit/engine'
import { unescaped } from '../../platform/lib/json-pointer.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { keptKeys, type Live, type LiveView } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { selectActions, selectResources } from './catalog-store.ts'
import { RULES } from './change-catalog.ts'
import { NamedActions } from './named-actions.ts'
import type { Action, Resource } from './resource.ts'

/** The catalog at one moment. Immutable; ask `Catalog.current` again for each call. */
export interface CatalogView {
  /** Epoch of `RULES` that it was read under, or later. */
  readonly epoch: number
  /** Resources that are not removed; suspended ones are here, and liveness stops their calls. */
  readonly resources: ReadonlyMap<string, Resource>
  readonly byIdentifier: ReadonlyMap<string, Resource>
  /** Actions by `name`; a name that an administrator gave leads to its action, too. Goes over each action once. */
  readonly actions: ReadonlyMap<string, Action>
  /**
   * Lists the actions of a resource: the same list each time, so that it can be matched quickly.
   */
  actionsOf(resource: string): readonly Action[]
  /** Answers what can be called at the address of a resource, or of a group of resources. */
  at(identifier: string): ResourceAddress
  readonly kindOf: KindOf
}

/** Address at which resources are called: that of a resource, or of a group, which has nothing of its own. */
export interface ResourceAddress {
  /** The resource, or the members of the group; suspended ones too. None: there is no such address. */
  readonly resources: readonly Resource[]
  /** Identifiers that authority at this address names. */
  readonly locations: readonly string[]
  readonly actions: readonly Action[]
}

const NO_ACTIONS: readonly Action[] = []
const UNDER = keptKeys([RULES])

/** Loads what resources need before anyone gets a view that has them. */
export type PrepareResources = (resources: readonly Resource[]) => Promise<void>

/** One reading of the catalog: under way, or done. */
interface CatalogReading {
  readonly epoch: number
  view: Awaitable<CatalogView>
}

/** The catalog in memory, read again whenever it changed anywhere. */
export class Catalog {
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view'>
  readonly #prepare: PrepareResources
  #read: CatalogReading | undefined

  constructor(parts: {
    readonly storage: Storage
    readonly live: Pick<Live, 'view'>
    /** Default: nothing needs it. */
    readonly prepare?: PrepareResources | undefined
  }) {
    this.#storage = parts.storage
    this.#live = parts.live
    this.#prepare = parts.prepare ?? (async () => {})
  }

  /** Never older than the last change that any replica has finished. Who asks while it is read waits for that one reading. */
  current(): Awaitable<CatalogView> {
    const view = this.#live.view(UNDER)
    return view instanceof Promise ? view.then((read) => this.#under(read)) : this.#under(view)
  }

  #under({ states }: LiveView): Awaitable<CatalogView> {
    const epoch = states[0]?.epoch ?? 0
    return this.#read?.epoch === epoch ? this.#read.view : this.#readUnder(epoch)
  }

  async #readUnder(epoch: number): Promise<CatalogView> {
    const known = this.#read
    const view = readCatalog(this.#storage, this.#prepare, epoch)
    // Two readings may overtake each other; the reading under the later epoch stays.
    if (known && known.epoch > epoch) return view
    const read: CatalogReading = { epoch, view }
    this.#read = read
    try {
      read.view = await view
      return read.view
    } catch (error) {
      if (this.#read === read) this.#read = undefined
      throw error
    }
  }
}

async function readCatalog(
  storage: Storage,
  prepare: PrepareResources,
  epoch: number,
): Promise<CatalogView> {
  const resources = await selectResources(storage.read)
  const actions = await selectActions(storage.read)
  await prepare(resources)
  return catalogView(resources, actions, epoch)
}

export function catalogView(
  resources: readonly Resource[],
  actions: readonly Action[],
  epoch = 0,
): CatalogView {
  const perResource = Map.groupBy(actions, (action) => action.resource)
  const byIdentifier = new Map(resources.map((resource) => [resource.identifier, resource]))
  const byResource = new Map(resources.map((resource) => [resource.name, resource]))
  const byName = new NamedActions(actions)
  const actionsOf = (resource: string) => perResource.get(resource) ?? NO_ACTIONS
  const addresses = new Map<string, ResourceAddress>()
  return {
    epoch,
    resources: byResource,
    byIdentifier,
    actions: byName,
    actionsOf,
    at: (identifier) => {
      const known = addresses.get(identifier)
      if (known) return known
      const resource = byIdentifier.get(identifier)
      if (!resource) return { resources: [], locations: [identifier], actions: NO_ACTIONS }
      const called = resource.members?.map((name) => byResource.get(name)) ?? [resource]
      const there = called.filter((each) => each !== undefined)
      const address = {
        resources: there,
        locations: there.map((each) => each.identifier),
        actions: there.flatMap(({ name }) => actionsOf(name)),
      }
      addresses.set(identifier, address)
      return address
    },
    kindOf: (location, action, path) => {
      const found = byName.get(action)
      return found && byIdentifier.get(location)?.name === found.resource
        ? kindAt(found, path)
        : undefined
    },
  }
}

/**
 * The kind at a JSON Pointer into the typed arguments: through records, to a single value. `inLists`: `*` stands for every member of
 * a list.
 */
export function kindAt(
  action: Pick<Action, 'arguments'>,
  path: string,
  { inLists = false } = {},
): ArgumentKind | undefined {
  if (!path.startsWith('/')) return undefined
  const [first, ...rest] = path.slice(1).split('/').map(unescaped)
  let type: ArgumentType | undefined = action.arguments.arguments.find(
    ({ name }) => name === first,
  )?.type
  for (const name of rest) {
    const every = inLists && name === '*'
    if (type?.kind === 'record' && !every)
      type = type.fields.find((field) => field.name === name)?.type
    else type = every && type?.kind === 'set' ? type.items : undefined
  }
  if (
    type === undefined ||
    type.kind === 'set' ||
    type.kind === 'record' ||
    type.kind === 'untyped'
  ) {
    return undefined
  }
  return type.kind
}
