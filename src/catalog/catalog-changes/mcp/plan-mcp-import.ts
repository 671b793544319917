import { sha256url } from '../../../platform/lib/bytes.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import type { JsonObject } from '../../../platform/lib/json.ts'
import { cut, legible, visible } from '../../../platform/lib/text/visible.ts'
import type { McpDescription } from '../../../platform/net/index.ts'
import { badDocument } from '../../argument-types/index.ts'
import type { Action, Resource } from '../../catalog/index.ts'
import {
  type ImportOptions,
  type ImportPlan,
  type KnownName,
  planResource,
} from '../plan-resource.ts'
import { mappingNotes } from './authzen-mapping.ts'
import { nameFor } from './known-names.ts'
import { readResources } from './offered-resources.ts'
import { readPrompt } from './prompt.ts'
import { type NamedTool, type ReadAction, readTool } from './tool.ts'
import { kebab, lookAlikes, quotedName, unusableName } from './wire-names.ts'

const MAX_LISTED = 1_000
/** Characters of the whole description, as text. */
export const MAX_CHARACTERS = 8 * 1024 * 1024
/** Actions that a note names. */
const MAX_NAMED = 6
const MAX_INSTRUCTIONS = 8_192
const PROPOSED =
  'risk classes follow from what the server says about its own tools; until you set them, tools count as `write` and at least `high`'

/**
 * Reads what an MCP server says about itself as a resource: one action for each tool, one for each prompt, one for reading its
 * resources. Pure: fetches nothing, writes nothing. Can take seconds; servers call `planMcpImportInWorker`. Everything in a description is the server's own word: names are plain ASCII
 * or left out, texts show hidden characters, schemas refer to themselves only, and hints only propose (see `proposeRisk`).
 *
 * The reviewed definition is part of an action's digest: when a server changes what a tool says, the next import gives it another
 * digest, and no approval of the old one fits.
 * @throws Problem `catalog.bad_document`, `catalog.bad_resource`
 */
export function planMcpImport(description: McpDescription, options: ImportOptions): ImportPlan {
  const { offersResources, prompts, protocolVersion, resources, resourceTemplates, tools } =
    description
  if (tools.length > MAX_LISTED) throw badDocument(`the server has more than ${MAX_LISTED} tools`)
  if (prompts.length > MAX_LISTED)
    throw badDocument(`the server has more than ${MAX_LISTED} prompts`)
  const lists = { tools, prompts, resources, resourceTemplates }
  const whole = canonicalJson({
    protocolVersion,
    server: { ...description.server },
    offersResources,
    ...lists,
  })
  if (whole.length > MAX_CHARACTERS)
    throw badDocument(`the server's description is longer than ${MAX_CHARACTERS} characters`)
  const server = pinned(description.server)
  const resource = planResource(options, {
    title: description.server.title ?? description.server.name,
    upstream: undefined,
    documentDigest: sha256url(whole),
    protocol: 'mcp',
    server,
  })
  const plan = new NamedActions(resource.name, options.known ?? [])
  plan.all('tool', tools, readTool)
  plan.all('prompt', prompts, readPrompt)
  if (offersResources)
    plan.one('read-resource', { kind: 'resource', wire: 'resources/read' }, (named) =>
      readResources(lists, named),
    )
  const actions = [...plan.actions.values()]
  if (actions.length === 0) throw badDocument('the server offers nothing that can be used')
  const hinted = actions.some(({ definition }) => definition?.kind === 'tool')
  const { name } = resource
  const mappings = mappingNotes(actions, { name, trusted: options.mappingsTrusted === true })
  return { resource, actions, notes: [...(hinted ? [PROPOSED] : []), ...plan.notes(), ...mappings] }
}

/** Actions of a server or an agent, by the names that they get here, with notes. */
export class NamedActions {
  readonly actions = new Map<string, Action>()
  readonly #leftOut: string[] = []
  /** Notes, each with the actions that it is about. */
  readonly #said = new Map<string, string[]>()
  readonly #resource: string
  readonly #known: readonly KnownName[]

  constructor(resource: string, known: readonly KnownName[]) {
    this.#resource = resource
    this.#known = known
  }

  /**
   * Takes tools, prompts or skills by name, so that a server cannot choose which of two names gets the
   * plain one by listing it first.
   */
  all(
    what: 'tool' | 'prompt' | 'skill',
    list: readonly JsonObject[],
    read: (item: JsonObject, named: NamedTool) => ReadAction | string,
  ): void {
    const usable = new Map<string, JsonObject>()
    for (const item of list) {
      const wire = item.get(what === 'skill' ? 'id' : 'name')
      const reason =
        unusableName(wire) ??
        (usable.has(String(wire)) ? 'the server lists another of this name' : undefined)
      if (reason === undefined) usable.set(String(wire), item)
      else this.#leftOut.push(`the ${what} ${quotedName(wire)} is left out: ${reason}`)
    }
    for (const group of lookAlikes([...usable.keys()])) {
      const names = group.map(quotedName).join(', ')
      this.#leftOut.push(`the ${what}s ${names} are easily taken for each other`)
    }
    for (const [wire, item] of [...usable].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const wish = what === 'tool' ? kebab(wire) : `${what}-${kebab(wire)}`
      const shown = `the ${what} ${quotedName(wire)}`
      this.one(wish, { kind: what, wire }, (named) => read(item, named), shown)
    }
  }

  one(
    operation: string,
    { kind, wire }: Pick<KnownName, 'kind' | 'wire'>,
    read: (named: NamedTool) => ReadAction | string,
    shown = wire,
  ): void {
    const wish = `${this.#resource}.${operation}`
    const name = nameFor({ kind, wire, wish }, this.#known, this.actions)
    const result = read({ resource: this.#resource, name, wire })
    if (typeof result === 'string') {
      this.#leftOut.push(`${shown} is left out: ${result}`)
      return
    }
    if (name !== wish) this.#leftOut.push(`${shown} is called \`${name}\`: \`${wish}\` is another`)
    this.actions.set(name, result.action)
    for (const note of result.notes) this.#said.set(note, [...(this.#said.get(note) ?? []), name])
  }

  /** Writes the notes; a note that holds for many actions is written once. */
  notes(): readonly string[] {
    const said = Array.from(this.#said, ([note, names]) => {
      const shown = names.slice(0, MAX_NAMED).join(', ')
      const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : ''
      return `${shown}${more}: ${note}`
    })
    return [...this.#leftOut, ...said]
  }
}

/** Cuts what the server says about itself to what clients will be told. */
export function pinned({
  instructions,
  name,
  offers,
  title,
  version,
}: McpDescription['server']): NonNullable<Resource['server']> {
  const short = (text: string) => visible(cut(text, 200))
  return {
    name: short(name),
    version: short(version),
    ...(title === undefined ? {} : { title: short(title) }),
    ...(offers === undefined ? {} : { offers }),
    ...(instructions === undefined
      ? {}
      : { instructions: cut(legible(instructions).text, MAX_INSTRUCTIONS) }),
  }
}
