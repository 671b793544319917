/**
 * Types of records of permits: a call that is sent, an answer to an enforcement point, a task, a
 * token, a ticket.
 * INVARIANT: none of them is written while the ledger lacks a head that was signed before.
 * Whatever permits writes its record first, so nothing is permitted meanwhile.
 */
const PERMITS: ReadonlySet<string> = new Set([
  'decision.intent',
  'evaluation.answered',
  'mcp.session_opened',
  'task.opened',
  'task.resumed',
  'ticket.issued',
  'token.issued',
  'token.repeated',
])

export function isPermit(type: string): boolean {
  return PERMITS.has(type)
}
