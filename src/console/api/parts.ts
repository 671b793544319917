import type { CallParts } from '../../calls/calls/index.ts'
import type { Bundles } from '../../calls/direct-calls/index.ts'
import type { Importer } from '../../catalog/catalog-changes/index.ts'
import type { AgentParts } from '../../identity/agents/index.ts'
import type { ConnectionParts } from '../../identity/connections/index.ts'
import type { Providers } from '../../identity/identity-providers/index.ts'
import type { IssuerParts } from '../../identity/issuers/index.ts'
import type { ClientAuthenticator, ClientParts } from '../../identity/machine-clients/index.ts'
import type { NotificationParts } from '../../identity/notifications/index.ts'
import type { PasskeyParts } from '../../identity/passkeys/index.ts'
import type { PeopleParts } from '../../identity/people/index.ts'
import type { SpaceParts } from '../../identity/spaces/index.ts'
import type { CustodyParts } from '../../identity/tokens/index.ts'
import type { ClientCertificates } from '../../platform/http/index.ts'
import type { SealingParts, SigningKeys } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { McpDescription, Outbound } from '../../platform/net/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { Policies, PolicyParts } from '../../policy/policy/index.ts'

/** Finds the address at which an enforcement point is called back when its access requests end. */
export type FindCallbackAddress = (db: Reader, clientId: string) => Promise<string | undefined>

/** Parts that the management API works with: those of the rooms that it speaks for. */
export interface ApiParts {
  readonly issuer: string
  readonly gateway: string
  /**
   * Certificates that clients showed at their TLS connections; absent where no program ends those in
   * front of us.
   */
  readonly certificates?: ClientCertificates | undefined
  /** `remit dev`: acts that widen access need no confirmation on a page. */
  readonly development: boolean
  readonly people: PeopleParts & PasskeyParts
  readonly providers: Providers
  readonly agents: AgentParts
  readonly issuers: IssuerParts
  readonly connections: ConnectionParts
  readonly policy: PolicyParts
  readonly spaces: SpaceParts & Pick<PolicyParts, 'catalog'>
  readonly policies: Policies
  readonly clients: ClientParts
  readonly authenticator: ClientAuthenticator
  readonly callbackOf: FindCallbackAddress
  readonly decisions: CallParts
  readonly notifications: NotificationParts
  /** Policy bundles of APIs that decide in their own process. */
  readonly bundles: Bundles
  readonly ledger: Ledger
  /** Custody of the keys that sign tokens, and of the master key. */
  readonly custody: CustodyParts &
    Pick<SealingParts, 'columns'> & { readonly keys: Pick<SigningKeys, 'list'> }
  /** Importers that modules bring. */
  readonly importers: readonly Importer[]
  /** Asks an MCP server that an administrator named for what it offers, through the rules for outbound requests. */
  readonly describeMcp: (at: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
  }) => Promise<McpDescription>
  /** Reads what an administrator named, in the same way. */
  readonly fetchJson: Outbound['fetchJson']
}
