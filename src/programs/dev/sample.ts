import type { Risk } from '@remit/engine'
import type { DevPerson } from './identity-provider/dev-person.ts'

/** The people of the sample world, as the development identity provider knows them. */
export const SAMPLE_PEOPLE = [
  { id: 'sam', name: 'Sam Support', email: 'sam@example.com', groups: ['support'] },
  { id: 'fiona', name: 'Fiona Finance', email: 'fiona@example.com', groups: ['finance'] },
  { id: 'ada', name: 'Ada Admin', email: 'ada@example.com', groups: ['administrators'] },
  { id: 'nils', name: 'Nils Nobody', email: 'nils@example.com', groups: [] },
] as const satisfies readonly DevPerson[]

/** Remit's groups in the sample world; the provider's values of the same names map to them. */
export const SAMPLE_GROUPS = [
  { name: 'support', description: 'Answers customers' },
  { name: 'finance', description: 'Approves what is expensive' },
  { name: 'administrators', description: 'Manage Remit' },
] as const

/** The agent of the sample world. `owner` is one of the people above. */
export const SAMPLE_AGENT = {
  id: 'refund-bot',
  description: 'Looks up orders and refunds them for the support desk',
  owner: 'ada',
  /** At the orders API. */
  actions: ['orders.list', 'orders.read', 'orders.list-refunds', 'orders.watch', 'orders.refund'],
  /** At the desk, the MCP server. It may not delete notes. */
  deskActions: ['desk.search-notes', 'desk.read-note', 'desk.add-note', 'desk.send-message'],
} as const

/**
 * Review of the tools of the desk, by an administrator of the sample world who read what the desk
 * says about them.
 */
export const DESK_REVIEW: Readonly<
  Record<string, { readonly risk: Risk; readonly sentence?: string }>
> = {
  'desk.search-notes': { risk: 'low' },
  'desk.read-note': { risk: 'low', sentence: 'Read the note {id}' },
  'desk.add-note': { risk: 'medium', sentence: 'Add the note {text} to order {order_id}' },
  'desk.send-message': { risk: 'high', sentence: 'Send {text} to {to}' },
  'desk.delete-note': { risk: 'high', sentence: 'Delete the note {id} for good' },
  'desk.summarize': { risk: 'low' },
}
