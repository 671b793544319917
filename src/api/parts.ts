import type { AgentParts } from '../agents/index.ts'
import type { CallParts } from '../calls/index.ts'
import type { ConnectionParts } from '../connections/index.ts'
import type { Bundles } from '../direct-calls/index.ts'
import type { ClientCertificates } from '../http/index.ts'
import type { Providers } from '../identity-providers/index.ts'
import type { IssuerParts } from '../issuers/index.ts'
import type { SealingParts, SigningKeys } from '../keys/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { ClientAuthenticator, ClientParts } from '../machine-clients/index.ts'
import type { McpDescription, Outbound } from '../net/index.ts'
import type { NotificationParts } from '../notifications/index.ts'
import type { PasskeyParts } from '../passkeys/index.ts'
import type { PeopleParts } from '../people/index.ts'
import type { Policies, PolicyParts } from '../policy/index.ts'
import type { OnlySetParts } from '../policy-only/index.ts'
import type { ErasureParts } from '../retention/index.ts'
import type { SpaceParts } from '../spaces/index.ts'
import type { CallbackParts } from '../submissions/index.ts'
import type { CustodyParts } from '../tokens/index.ts'

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
  readonly policy: PolicyParts & OnlySetParts
  readonly spaces: SpaceParts & Pick<PolicyParts, 'catalog'>
  readonly policies: Policies
  readonly clients: ClientParts
  readonly authenticator: ClientAuthenticator
  readonly callbacks: CallbackParts
  readonly decisions: CallParts
  readonly notifications: NotificationParts
  /** Policy bundles of APIs that decide in their own process. */
  readonly bundles: Bundles
  readonly ledger: Ledger
  readonly retention: ErasureParts
  /** Custody of the keys that sign tokens, and of the master key. */
  readonly custody: CustodyParts &
    Pick<SealingParts, 'columns'> & { readonly keys: Pick<SigningKeys, 'list'> }
  /** Asks an MCP server that an administrator named for what it offers, through the rules for outbound requests. */
  readonly describeMcp: (at: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
  }) => Promise<McpDescription>
  /** Reads what an administrator named, in the same way. */
  readonly fetchJson: Outbound['fetchJson']
}
