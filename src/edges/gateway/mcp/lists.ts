import type { Reach } from '../../../calls/calls/index.ts'
import { META, printedTexts, readCursor, writeCursor } from '../../../calls/mcp-messages/index.ts'
import { parsedDefinition, typeArguments } from '../../../catalog/argument-types/index.ts'
import type { Action, PinnedDefinition } from '../../../catalog/catalog/index.ts'
import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import type { RpcRequest } from '../../../platform/net/index.ts'
import type { ServerOffer } from './group/offers.ts'

const PAGE = 200

interface List {
  /** Member of the answer that holds the list. */
  readonly member: string
  readonly kind: PinnedDefinition['kind']
  /** Member that identifies entries, and orders them. */
  readonly key: string
}

const LISTS: Readonly<Record<string, List>> = {
  'tools/list': { member: 'tools', kind: 'tool', key: 'name' },
  'prompts/list': { member: 'prompts', kind: 'prompt', key: 'name' },
  'resources/list': { member: 'resources', kind: 'resource', key: 'uri' },
  'resources/templates/list': {
    member: 'resourceTemplates',
    kind: 'resource',
    key: 'uriTemplate',
  },
}

export function isListMethod(method: string): boolean {
  return Object.hasOwn(LISTS, method)
}

/**
 * Answers one page of a list: the reviewed definitions that this task could call now, in one order
 * for every client. The cursor names the entry before the page, so that pages fit together when the
 * list changes between them.
 */
export function list(
  { id, method, params }: RpcRequest,
  offers: readonly ServerOffer[],
): JsonObject {
  const wanted = LISTS[method]
  if (!wanted) throw new Error(`${method} is no list`)
  const after = readCursor(id, params.get('cursor'))
  const key = pageKey(method, after, offers)
  const known = key === undefined ? undefined : printedTexts.pages.get(key)
  const { entries, last } = known ?? printedTexts.pages.put(key, pageOf(wanted, after, offers))
  return new Map<string, Json>([
    // as: it never changes
    [wanted.member, entries as Json[]],
    ...(last === undefined ? [] : [['nextCursor', writeCursor(last)] as [string, Json]]),
  ])
}

/** Answers the key of a page; `undefined`: it shows more than the marks of the offers say. */
function pageKey(
  method: string,
  after: string | undefined,
  offers: readonly ServerOffer[],
): string | undefined {
  const marks = offers.map(({ mark }) => mark)
  // Addresses are shown by the bounds of the token.
  if (LISTS[method]?.kind === 'resource' || marks.includes(undefined)) return undefined
  return JSON.stringify([method, after ?? null, marks])
}

function pageOf(
  { key, kind, member }: List,
  after: string | undefined,
  offers: readonly ServerOffer[],
) {
  const entries = offers
    .flatMap((offer) => {
      const { actions, attainable } = offer.reach
      // A listed address is a whole call, and it is not known which of them a person would allow.
      const more = kind === 'resource' ? [] : attainable
      return [...actions, ...more].flatMap((action) =>
        entriesOf(action, kind, member)
          .filter(isReachable(action, offer.reach))
          .map((entry) => marked(action, entry, offer.reach))
          .flatMap((entry) => offer.entry(action, entry, key) ?? []),
      )
    })
    .map((entry) => ({ entry, name: String(entry.get(key)) }))
    .filter(({ name }) => after === undefined || name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const page = entries.slice(0, PAGE)
  return {
    entries: page.map(({ entry }) => entry),
    last: entries.length > PAGE ? page.at(-1)?.name : undefined,
  }
}

/**
 * Entries of an action: the definition of a tool or a prompt; for the action that reads resources,
 * the list that was pinned with it.
 */
function entriesOf(action: Action, kind: string, member: string): JsonObject[] {
  const { definition } = action
  if (definition?.kind !== kind) return []
  const value = parsedDefinition(action, definition)
  if (kind !== 'resource') return isObject(value) ? [value] : []
  const listed = isObject(value) ? value.get(member) : undefined
  return Array.isArray(listed) ? listed.filter(isObject) : []
}

const NOT_GIVEN =
  'From the gateway: this task was not given it. Call it only where it is needed; the answer says how to ask for it.'
const ASKED = 'From the gateway: people are asked to approve each call.'

/** Marks what cannot be called at once, where the resource shows that. */
function marked(action: Action, entry: JsonObject, reach: Reach): JsonObject {
  const given = !reach.attainable.includes(action)
  if (action.definition?.kind === 'resource' || (given && !reach.asksPeople(action))) return entry
  const description = entry.get('description')
  const words = [description, given ? ASKED : NOT_GIVEN].filter((each) => typeof each === 'string')
  return new Map<string, Json>([
    ...entry,
    ['description', words.join('\n\n')],
    ['_meta', new Map([[META.asks, given ? 'approval' : 'authorization']])],
  ])
}

/**
 * Checks an entry's address against the task. A listed address is a whole call, so one that the
 * task does not cover is not shown.
 */
function isReachable(action: Action, reach: Reach): (entry: JsonObject) => boolean {
  return (entry) => {
    const uri = entry.get('uri')
    if (action.definition?.kind !== 'resource' || uri === undefined) return true
    const body: JsonObject = new Map([['uri', uri]])
    const typed = typeArguments(action, { path: new Map(), query: [], body })
    return typed.ok && reach.covers(action, typed.arguments)
  }
}
