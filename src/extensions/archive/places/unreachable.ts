import type { Problem } from '../../../platform/lib/problem.ts'
import { ArchiveProblem } from '../problems.ts'

/** Reason why an archive cannot be reached: member `reason` of the problem `archive.unreachable`. */
export type UnreachableReason =
  | 'busy'
  | 'clock'
  | 'forbidden'
  | 'full'
  | 'no_answer'
  | 'not_found'
  | 'region'
  | 'timed_out'
  | 'unexpected'

/** Refusal by a store, as its answer says. */
export interface StoreRefusal {
  readonly status: number
  /** Code of S3, such as `NoSuchKey`; empty where the answer has none. */
  readonly code: string
}

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  AccessDenied: 'forbidden',
  AccountProblem: 'forbidden',
  AuthorizationHeaderMalformed: 'region',
  ExpiredToken: 'forbidden',
  InvalidAccessKeyId: 'forbidden',
  InvalidToken: 'forbidden',
  NoSuchBucket: 'not_found',
  PermanentRedirect: 'region',
  QuotaExceeded: 'full',
  RequestExpired: 'clock',
  RequestTimeTooSkewed: 'clock',
  SignatureDoesNotMatch: 'forbidden',
  SlowDown: 'busy',
  XAdminUserNotFound: 'forbidden',
  XMinioStorageFull: 'full',
}

const WORDS: Readonly<Record<UnreachableReason, string>> = {
  busy: 'the store is overloaded',
  clock: 'the store has another time than this server',
  forbidden: 'access is refused',
  full: 'there is no room left',
  no_answer: 'it does not answer',
  not_found: 'there is no such bucket or folder',
  region: 'the bucket is in another region (REMIT_ARCHIVE_REGION)',
  timed_out: 'there was no answer in time',
  unexpected: 'the answer was unexpected',
}

export function unreachableReason({ code, status }: StoreRefusal): UnreachableReason {
  const known = REASONS[code]
  if (known) return known
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 507) return 'full'
  if (status === 301 || status === 307) return 'region'
  return mayPass({ code, status }) ? 'busy' : 'unexpected'
}

/** Tells whether the same request may do better a little later. */
export function mayPass({ code, status }: StoreRefusal): boolean {
  // A store that is full answers 507: nothing changes in a second.
  return (
    [408, 425, 429].includes(status) ||
    (status >= 500 && ![501, 505, 507].includes(status)) ||
    // Two writers at the same moment (If-None-Match).
    code === 'ConditionalRequestConflict' ||
    code === 'OperationAborted'
  )
}

export function unreachablePlace(
  where: string,
  reason: UnreachableReason,
  { cause, says }: { readonly cause?: unknown; readonly says?: string } = {},
): Problem {
  const more = says === undefined || says === '' ? '' : ` (${says})`
  return new ArchiveProblem('archive.unreachable', `${where}: ${WORDS[reason]}${more}`, {
    cause,
    members: { reason },
  })
}

/** Reads the code of an answer that is an error of S3. INVARIANT: nothing else of it is repeated anywhere. */
export function codeIn(body: string): string {
  return /<Code>([A-Za-z]{1,64})<\/Code>/.exec(body)?.[1] ?? ''
}
