import type { Static } from 'typebox'
import { NEAR_END } from '../../platform/lib/time-units.ts'
import type { SchemaKit } from './operation.ts'
import { expires } from './shared-sources.ts'
import { input, type Source, together } from './source.ts'
import type { Terminal } from './terminal.ts'

/** Connection as it is shown: everything but the credential. */
export const ConnectionProfile = ({ Name, Time, Type }: SchemaKit) =>
  Type.Object({
    ...{ name: Name, kind: Type.String(), header: Type.String(), created_at: Time },
    replaced_at: Type.Union([Time, Type.Null()], {
      description: 'time at which the credential took the place of another',
    }),
    expires_at: Type.Union([Time, Type.Null()], {
      description:
        'time at which the credential expires, as stated by an administrator or by the credential itself; null: not stated. Calls are still sent after that: the API decides',
    }),
  })

type ConnectionProfile = Static<ReturnType<typeof ConnectionProfile>>

/** Members of a request that has a new credential. */
export const credentialMembers = (kit: SchemaKit) => ({
  secret: kit.secretText({ minLength: 1, maxLength: 8192 }),
  expires_at: kit.Type.Optional(kit.Time),
})

/** Inputs of a new credential. */
export const credentialInputs = (named: Source<string>) => ({
  secret: together(
    [named, input('--from-file <file>', 'read it from there')],
    ([of, file], { secret }) => secret(`Credential of ${of}`, file),
  ),
  expires_at: expires(
    '--expires <time>',
    'when it expires at the API: in 90d (also m, h, w), or at a time (RFC 3339); else when it says so itself, as a JWT does',
  ),
})

/** End of a credential, in a list. */
export function expiryCell(
  at: string | null,
  { dim, moment, now, red, yellow }: Pick<Terminal, 'dim' | 'moment' | 'now' | 'red' | 'yellow'>,
) {
  if (!at) return dim('not known')
  const left = Date.parse(at) - now()
  if (left <= 0) return red(`expired ${moment(at)}`)
  return left < NEAR_END ? yellow(moment(at)) : moment(at)
}

/** Line that says when a new credential expires, and from whom that is known. */
export function expiryLine(
  { expires_at: at, name: of }: ConnectionProfile,
  given: string | undefined,
  { dim, moment, now, red }: Pick<Terminal, 'dim' | 'moment' | 'now' | 'red'>,
) {
  if (!at) return dim(`  if it expires, say when: remit connections expiry ${of} 90d`)
  const whose = given === undefined ? ', as it says itself' : ''
  return Date.parse(at) <= now()
    ? red(`  it expired ${moment(at)}${whose}`)
    : dim(`  it expires ${moment(at)}${whose}`)
}
