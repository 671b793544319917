import type { Action, CatalogView, Resource } from '../catalog/index.ts'

/** Resources that are called at an address: the members of a group, or the resource itself. Suspended ones too. */
export function resourcesAt(
  { resources }: Pick<CatalogView, 'resources'>,
  resource: Resource,
): readonly Resource[] {
  if (!resource.members) return [resource]
  const found = resource.members.map((name) => resources.get(name))
  return found.filter((member) => member !== undefined)
}

/** Locations that authority at an address speaks of: a group has none of its own. */
export function locationsAt(view: CatalogView, identifier: string): readonly string[] {
  const resource = view.byIdentifier.get(identifier)
  if (!resource?.members) return [identifier]
  return resourcesAt(view, resource).map((member) => member.identifier)
}

/** Actions that can be called at an address. */
export function actionsAt(view: CatalogView, resource: Resource): readonly Action[] {
  return resourcesAt(view, resource).flatMap(({ name }) => view.actionsOf(name))
}
