import { type JsonObject, parseJson } from '../../../src/platform/lib/json.ts'
import type { McpDescription } from '../../../src/platform/net/index.ts'
import { TOOLS, type Tool } from './tools.ts'

export const REVISION = '2025-11-25'
export const CALLED = { name: 'read_customer', arguments: { id: 'c-1042' } } as const
/** Result of `read_customer`, for every caller. */
export const RESULT = {
  content: [
    { type: 'text', text: '{"id":"c-1042","name":"Example Ltd","tier":"gold","open_orders":3}' },
  ],
} as const

/** A server in the catalog, under its name; upstream it is a path of a program that has all of them. */
export interface Offer {
  readonly name: string
  readonly tools: readonly Tool[]
}

export const FEW: Offer = { name: 'crm', tools: TOOLS.slice(0, 10) }
export const MANY: Offer = { name: 'crm-all', tools: TOOLS }
/** Offer with the same ten tools, served by the official SDK. */
export const FROM_SDK: Offer = { name: 'crm-sdk', tools: FEW.tools }
export const OFFERS = [FEW, MANY, FROM_SDK]

/** Finds the offer that a program serves at a path. @throws Error where there is none */
export function offerAt(path: string | undefined): Offer {
  const offer = OFFERS.find(({ name }) => path === `/${name}`)
  if (!offer) throw new Error(`nothing is offered at ${path}`)
  return offer
}

export function aboutServer({ name }: Offer): { name: string; version: string } {
  return { name, version: '1.0.0' }
}

/** Actions that one detail may name, at most. */
const MAX_ACTIONS = 50

/** Details that a task is opened for: every tool, and the one customer that is read. */
export function wantedOf(offer: Offer): (gateway: string) => readonly object[] {
  const called = actionOf(offer, CALLED.name)
  const others = actionsOf(offer).filter((name) => name !== called)
  const thisCustomer = { path: '/id', op: 'eq', value: CALLED.arguments.id }
  return (gateway) => {
    const at = { type: 'remit_call', locations: [`${gateway}/${offer.name}`] }
    const lists = inLists(others).map((actions) => ({ ...at, actions, bounds: [] }))
    return [{ ...at, actions: [called], bounds: [thisCustomer] }, ...lists]
  }
}

export function inLists(actions: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(actions.length / MAX_ACTIONS) }, (_, i) =>
    actions.slice(i * MAX_ACTIONS, (i + 1) * MAX_ACTIONS),
  )
}

/** Lists the tools by their names in the catalog. */
export function actionsOf(offer: Offer): string[] {
  return offer.tools.map(({ name }) => actionOf(offer, name))
}

function actionOf({ name }: Offer, tool: string): string {
  return `${name}.${tool.replaceAll('_', '-')}`
}

/** Describes an offer as its server would if it were asked. */
export function describeOffer(offer: Offer): McpDescription {
  return {
    protocolVersion: REVISION,
    server: aboutServer(offer),
    tools: offer.tools.map(asJson),
    prompts: [],
    resources: [],
    resourceTemplates: [],
    offersResources: false,
  }
}

function asJson(value: object): JsonObject {
  const json = parseJson(JSON.stringify(value))
  if (!(json instanceof Map)) throw new TypeError('not an object')
  return json
}
