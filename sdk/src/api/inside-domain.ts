import { UsageError } from '../errors.ts'
import { ApiRefusal } from './answer.ts'
import { partOfArguments } from './arguments.ts'
import { byTransaction, type TransactionOptions } from './by-transaction.ts'
import type { Guard, RemitCall } from './guard.ts'

/** Settings of a service that other services call, somewhere behind Remit's gateway. */
export interface InsideDomainOptions extends TransactionOptions {
  /** Resource identifiers of the APIs behind the gateway whose calls it works on. */
  readonly locations: readonly string[]
  /**
   * Services that may pass a call on to it, by their resource identifiers: the last one that the
   * token names. Default: every holder of the token, also of one that was passed on unchanged.
   */
  readonly from?: readonly string[]
}

/**
 * Lets through what belongs to a call that Remit permitted, without asking anybody: the transaction token has to hold, to be of one of
 * these APIs, and of the operation that the route names (`action`, of the permitted call). Where the route says `arguments`, what it
 * reads has to be what was permitted; what it does not say is not compared.
 */
export function insideDomain(options: InsideDomainOptions): Guard {
  const [first, ...others] = options.locations
  if (first === undefined) throw new UsageError('`locations` names no API whose calls are served')
  return byTransaction(options, {
    named: 'inside the trust domain',
    locations: [first, ...others],
    toAgents: 'agents do not call this service',
    checkSender: (call) => checkSender(call, options.from),
    fits: (permitted, read, route) => partOfArguments(permitted, route.arguments?.(read) ?? {}),
    // One call may take several requests here, each of them once.
    use: {
      of: (call, { method, target }) => `${call.decisionId} ${method} ${target}`,
      named: 'request',
    },
  })
}

function checkSender({ via = [] }: RemitCall, from: readonly string[] | undefined): void {
  const last = via.at(-1)
  if (from && (last === undefined || !from.includes(last)))
    throw new ApiRefusal(
      'transaction.other_sender',
      'the token was not passed on by a service that may',
    )
}
