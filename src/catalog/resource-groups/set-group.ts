import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  type CatalogParts,
  changeCatalog,
  changeResource,
  identifierOwner,
  type Resource,
  findResource as selectResource,
  writeResource,
} from '../catalog/index.ts'

/** Maximum members of a group: each of its lists looks at all of them. */
const MAX_MEMBERS = 32
const MAX_TITLE = 200

/** MCP servers that are to be offered under one address. */
export interface GroupSettings {
  readonly name: string
  /** Address of the group, byte-exact: `<gateway>/<name>`. */
  readonly identifier: string
  /** Names of resources. */
  readonly members: readonly string[]
  /** Left out: as it was, else the name. */
  readonly title?: string | undefined
  readonly by: string
}

/**
 * Makes a group of MCP servers, or changes who is in it. Tokens for the group from before do not
 * work any more; their authority is looked at again. Policies and authority speak of members only.
 * @throws Problem `catalog.bad_resource`, `catalog.exists`, `catalog.changed`
 */
export async function setGroup(parts: CatalogParts, wanted: GroupSettings): Promise<void> {
  const { by, identifier, members, name } = wanted
  const known = await checkGroup(parts.storage.read, wanted)
  const title = visible((wanted.title ?? known?.title ?? name).slice(0, MAX_TITLE))
  const described = { name, identifier, title, members, ...NO_SERVER }
  await changeCatalog(parts, {
    write: async (tx) => {
      await checkGroup(tx, wanted)
      await writeResource(tx, described, parts.clock.now())
      await parts.ledger.append(tx, {
        type: 'resource.grouped',
        resource: name,
        by,
        facts: { members: [...members] },
      })
    },
    raises: [{ kind: 'resource', id: name, ...(known ? {} : { state: 'active' as const }) }],
  })
}

/** A group has no server, so nothing is ever sent anywhere in its name. */
const NO_SERVER = {
  mode: 'gateway',
  upstream: '',
  trusted: false,
  connection: undefined,
  documentDigest: '',
  protocol: 'mcp',
  server: undefined,
} as const

/** The group as it is; `undefined`: there is none of that name yet. */
async function checkGroup(
  reader: Reader,
  { identifier, members, name }: GroupSettings,
): Promise<Resource | undefined> {
  if (!isName(name))
    throw badResourceGroup(
      `\`${name}\` is not a name: lower-case letters, digits and hyphens, 2 to 63 characters`,
    )
  if (members.length === 0 || members.length > MAX_MEMBERS)
    throw badResourceGroup(`a group has 1 to ${MAX_MEMBERS} members`)
  if (new Set(members).size < members.length) throw badResourceGroup('a member is named twice')
  const known = await selectResource(reader, name)
  if (known?.status === 'removed')
    throw new Problem('catalog.exists', `\`${name}\` was removed; names are never reused`)
  if (known && !known.members)
    throw new Problem('catalog.exists', `\`${name}\` is no group; names are not used again`)
  const owner = await identifierOwner(reader, identifier)
  if (owner !== undefined && owner !== name)
    throw new Problem('catalog.exists', `the identifier is that of \`${owner}\``)
  for (const member of members) {
    const resource = await selectResource(reader, member)
    const fits = resource?.protocol === 'mcp' && resource.mode === 'gateway' && !resource.members
    if (!fits || resource.status === 'removed')
      throw badResourceGroup(`\`${member}\` is no MCP server here`)
  }
  return known
}

/**
 * Lets in actions of a group's members whose names look alike. An empty list takes that back. More
 * of the same look need a word of their own.
 * @throws Problem `catalog.unknown_resource`, `catalog.bad_resource`, `catalog.changed`
 */
export async function allowConfusables(
  parts: CatalogParts,
  { actions, by, name }: { name: string; actions: readonly string[]; by: string },
): Promise<void> {
  const alike = actions.toSorted()
  await changeCatalog(parts, {
    write: async (tx) => {
      const group = await selectResource(tx, name)
      if (!group || group.status === 'removed')
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      const { members } = group
      if (!members) throw badResourceGroup(`\`${name}\` is no group`)
      const stranger = alike.find((action) => !members.includes(action.split('.', 1)[0] ?? ''))
      if (stranger !== undefined)
        throw badResourceGroup(`\`${stranger}\` is of no member of \`${name}\``)
      const change = { alike: JSON.stringify(alike), updated_at: parts.clock.now() }
      await changeResource(tx, name, ['active', 'suspended'], change)
      await parts.ledger.append(tx, {
        type: 'resource.look_alikes_let_in',
        resource: name,
        by,
        facts: { actions: alike },
      })
    },
    raises: [],
  })
}

function badResourceGroup(detail: string): Problem {
  return new Problem('catalog.bad_resource', detail)
}
