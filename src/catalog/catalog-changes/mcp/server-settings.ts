import { Problem } from '../../../platform/lib/problem.ts'
import {
  type CatalogParts,
  changeCatalog,
  changeResource,
  type Resource,
  findResource as selectResource,
} from '../../catalog/index.ts'

/**
 * The administrator's word on whether what the tools of an MCP server say about requests to decision points counts
 * (`authzen-mapping.ts`). When it has returned, every replica goes by it.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource` (no MCP server), `catalog.changed`
 */
export function trustMappings(
  parts: CatalogParts,
  { by, name, trusted }: { readonly name: string; readonly trusted: boolean; readonly by: string },
): Promise<void> {
  const row = { mappings_trusted: trusted ? 1 : 0 } as const
  return changeServer(parts, name, row, {
    type: 'resource.mappings_trusted',
    resource: name,
    by,
    facts: { trusted },
  })
}

/**
 * The administrator's word on what an MCP server may ask besides people, while it works on a call:
 * the client's model (sampling), its folders (roots). When it has returned, every replica goes by it.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource` (no MCP server), `catalog.changed`
 */
export function letServerAsk(
  parts: CatalogParts,
  { asks, by, name }: { readonly name: string; readonly asks: ServerAsks; readonly by: string },
): Promise<void> {
  return changeServer(
    parts,
    name,
    { server_asks: asks },
    { type: 'resource.server_asks_set', resource: name, by, facts: { asks } },
  )
}

/**
 * The administrator's word on lists of an MCP server: whether they also show what a task was not
 * given and could ask for. When it has returned, every replica goes by it.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource` (no MCP server), `catalog.changed`
 */
export function setShown(
  parts: CatalogParts,
  { by, name, shows }: { readonly name: string; readonly shows: ShownActions; readonly by: string },
): Promise<void> {
  const facts = { shows }
  return changeServer(parts, name, facts, { type: 'resource.shown_set', resource: name, by, facts })
}

type ShownActions = NonNullable<Resource['shows']> | 'callable'
type ServerAsks = NonNullable<Resource['serverAsks']> | 'nothing'

async function changeServer(
  parts: CatalogParts,
  name: string,
  row: Omit<Parameters<typeof changeResource>[3], 'updated_at'>,
  event: Parameters<CatalogParts['ledger']['append']>[1],
): Promise<void> {
  await changeCatalog(parts, {
    write: async (tx) => {
      const resource = await selectResource(tx, name)
      if (!resource || resource.status === 'removed')
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      if (resource.protocol !== 'mcp' || resource.members)
        throw new Problem('catalog.bad_resource', `\`${name}\` is not an MCP server`)
      const changed = { ...row, updated_at: parts.clock.now() }
      await changeResource(tx, name, ['active', 'suspended'], changed)
      await parts.ledger.append(tx, event)
    },
    raises: [],
  })
}
