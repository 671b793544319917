import { ApiRefusal } from './answer.ts'
import { sameArguments } from './arguments.ts'
import { byTransaction, type TransactionOptions } from './by-transaction.ts'
import type { Guard, RemitCall } from './guard.ts'

/** Settings of an API behind Remit's gateway. */
export interface BehindGatewayOptions extends TransactionOptions {
  /** The API's own resource identifier: its address at the gateway. */
  readonly location: string
}

/**
 * Lets through what the gateway decided: the transaction token has to hold, to be made for this API, this operation and exactly
 * these arguments, and counts once for a write. Nothing is looked up anywhere but the issuer's keys.
 */
export function behindGateway(options: BehindGatewayOptions): Guard {
  return byTransaction(options, {
    named: 'behind the gateway',
    locations: [options.location],
    toAgents: 'this API is called through the gateway, which keeps the agent’s token',
    checkSender: sentByTheGateway,
    fits: (permitted, read, route) =>
      sameArguments(permitted, route.arguments ? route.arguments(read) : read.all),
    use: { of: (call) => call.decisionId, named: 'call' },
  })
}

/** INVARIANT: what the gateway sent here, and not what another service made of it. */
function sentByTheGateway({ via }: RemitCall): void {
  if (via?.length !== 1)
    throw new ApiRefusal('transaction.other_sender', 'the token was passed on by another service')
}
