import {
  type CatalogParts,
  changeCatalog,
  changeResource,
  findResource as selectResource,
} from '../../catalog/index.ts'
import { Problem } from '../../lib/problem.ts'

/**
 * The administrator's word on whether what the tools of an MCP server say about requests to decision points counts
 * (`authzen-mapping.ts`). When it has returned, every replica goes by it.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource` (no MCP server), `catalog.changed`
 */
export async function trustMappings(
  parts: CatalogParts,
  change: { readonly name: string; readonly trusted: boolean; readonly by: string },
): Promise<void> {
  const { by, name, trusted } = change
  await changeCatalog(parts, {
    write: async (tx) => {
      const resource = await selectResource(tx, name)
      if (!resource || resource.status === 'removed')
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      if (resource.protocol !== 'mcp')
        throw new Problem('catalog.bad_resource', `\`${name}\` is not an MCP server`)
      const row = { mappings_trusted: trusted ? 1 : 0, updated_at: parts.clock.now() } as const
      await changeResource(tx, name, ['active', 'suspended'], row)
      await parts.ledger.append(tx, {
        type: 'resource.mappings_trusted',
        resource: name,
        by,
        facts: { trusted },
      })
    },
    raises: [],
  })
}
