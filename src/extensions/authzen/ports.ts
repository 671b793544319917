import type { CallParts } from '../../calls/calls/index.ts'
import type { ClientAuthenticator } from '../../identity/machine-clients/index.ts'
import type { MasterKey, SigningKeys } from '../../platform/keys/index.ts'
import type { OnlyAnsweringParts } from './policy-only/index.ts'

/** Ports that the AuthZEN edge works with. */
export interface AuthzenPorts {
  /** Identifier of the policy decision point: the origin it answers at. */
  readonly issuer: string
  readonly clients: Pick<ClientAuthenticator, 'atHand' | 'authenticate'>
  readonly only: OnlyAnsweringParts
  readonly decisions: CallParts
  readonly keys: Pick<SigningKeys, 'tokens'>
  readonly master: Pick<MasterKey, 'seal' | 'open'>
  readonly clock: CallParts['clock']
  readonly random: CallParts['random']
}
