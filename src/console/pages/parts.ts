import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import type { CallParts } from '../../calls/calls/index.ts'
import type { Providers } from '../../identity/identity-providers/index.ts'
import type { NotificationParts } from '../../identity/notifications/index.ts'
import type { PasskeyParts } from '../../identity/passkeys/index.ts'
import type { PeopleParts } from '../../identity/people/index.ts'
import type { FindCompanions, PreviewAnswer } from '../../tasks/approval-desk/index.ts'

/** Counts earlier approvals of calls like one that waits, where people approve such calls again and again. */
export type CountApprovals = (request: AccessRequest) => Promise<number | undefined>

/** Reads from an API what a waiting call is about. */
export type FetchPreview = (asked: {
  readonly request: AccessRequest
  readonly by: string
}) => Promise<PreviewAnswer>

/** Parts that pages work with: those of the rooms that they speak for. */
export interface PageParts {
  /** Our own origin, without a trailing slash. */
  readonly issuer: string
  /** True when devices without a browser may ask for people. */
  readonly deviceCodes: boolean
  readonly people: PeopleParts & PasskeyParts
  readonly providers: Pick<Providers, 'begin' | 'finish'>
  /** Also the parts of tasks and approvals. */
  readonly decisions: CallParts
  readonly notifications: NotificationParts
  readonly companionsOf: FindCompanions
  readonly approvalsLike: CountApprovals
  /** Reads from an API what a waiting call is about; absent where nothing can. */
  readonly fetchPreview?: FetchPreview | undefined
}
