import type { DeferralOptions } from '../../../grants/grants/index.ts'
import type { ShownCertificate } from '../../../platform/http/index.ts'
import { readCompact, readObject } from '../../../platform/jose/index.ts'
import { parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Form, refuseParameters, required } from '../form.ts'
import { ACCESS_TOKEN } from '../grant-types.ts'

/**
 * Credentials of every request of ours at the token endpoint: read from headers and the connection,
 * never the form.
 */
export interface RequestCredentials {
  readonly proof: string | readonly string[] | undefined
  /** Certificate of the TLS connection. */
  readonly certificate?: ShownCertificate | undefined
  readonly method: string
  readonly url: string
  readonly origin: { readonly ip: string }
}

/** RFC 7523 section 2.2 client authentication, and the one resource a token is wanted for (RFC 8707). */
export function openingOf(form: Form) {
  refuseActor(form)
  return credentialsOf(form)
}

/** Reads the credentials where what else is in the form is judged later. */
export function credentialsOf(form: Form) {
  return {
    assertion: form.get('client_assertion'),
    assertionType: form.get('client_assertion_type'),
    clientId: form.get('client_id'),
    resource: form.get('resource'),
  }
}

/**
 * Reads who asks, of a grant that was made for a client: what it says, or whom its assertion is of
 * (RFC 7521 section 4.2, RFC 6749 section 4.1.3). Nothing about the assertion is believed here;
 * the grant checks that it is this client's.
 */
export function clientIdOf(form: Form): string {
  const assertion = form.get('client_assertion')
  const named = assertion === undefined ? undefined : subjectOf(assertion)
  return form.get('client_id') ?? named ?? required(form, 'client_id')
}

function subjectOf(assertion: string): string | undefined {
  try {
    const { sub } = readObject(readCompact(assertion).payload, 'claims set')
    return typeof sub === 'string' ? sub : undefined
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/**
 * Refuses an actor token: who acts is who authenticated. Such a token could only claim something
 * else (RFC 8693 section 2.1).
 */
export function refuseActor(form: Form): void {
  refuseParameters(form, ['actor_token', 'actor_token_type', 'audience'], 'is not accepted here')
  const wanted = form.get('requested_token_type')
  if (wanted !== undefined && wanted !== ACCESS_TOKEN) {
    throw new Problem('oauth.invalid_request', 'only access tokens are issued')
  }
}

/** Refuses everything that is not named. */
export function refuseAllBut(form: Form, names: readonly string[], why: string): void {
  const other = [...form.keys()].filter((name) => !names.includes(name))
  refuseParameters(form, other, why)
}

/**
 * `completion_mode` (Deferred Token Response): whether the answer may be deferred. Values that mean nothing to us are ignored, on every
 * grant; a value that comes twice is an error.
 */
export function deferringOf(form: Form): DeferralOptions | undefined {
  const modes = form.get('completion_mode')?.split(' ') ?? []
  if (new Set(modes).size < modes.length)
    throw new Problem('oauth.invalid_request', '`completion_mode` says a value twice')
  if (!modes.includes('deferred')) return undefined
  const notificationToken = form.get('client_notification_token')
  if (notificationToken !== undefined && !isNotificationToken(notificationToken))
    throw new Problem(
      'oauth.invalid_request',
      '`client_notification_token` is 22 to 1024 characters of a bearer token',
    )
  return { notificationToken }
}

/** `authorization_details` (RFC 9396 section 5) and `scope`; their contents are read strictly where they are granted. */
export function wantedOf(form: Form): { details: unknown; scope: string | undefined } {
  return {
    details: jsonOf(form, 'authorization_details', 'task.bad_details'),
    scope: form.get('scope'),
  }
}

/** A task as every opening describes it. */
export function taskOf(form: Form) {
  return {
    ...wantedOf(form),
    ...wantedLimits(form),
    ...spaceAndThread(form),
    requireAll: requiresAll(form),
    purpose: form.get('purpose'),
    defer: deferringOf(form),
  }
}

/** `require_all`, a parameter of ours: a grant of less than the request is refused. */
export function requiresAll(form: Form): boolean {
  const value = form.get('require_all') ?? 'false'
  if (value !== 'true' && value !== 'false')
    throw new Problem('oauth.invalid_request', '`require_all` is `true` or `false`')
  return value === 'true'
}

/**
 * Reads where the task is to be: a space, and a thread there. They are looked up where
 * the task opens.
 */
export function spaceAndThread(form: Form): {
  space: string | undefined
  thread: string | undefined
} {
  return { space: form.get('space'), thread: form.get('thread') }
}

/** `budget` and `requested_lifetime`, whole seconds. */
export function wantedLimits(form: Form): { budget: unknown; lifeSeconds: number | undefined } {
  const lifetime = form.get('requested_lifetime')
  if (lifetime !== undefined && !/^[1-9]\d{0,5}$/.test(lifetime)) {
    throw new Problem('oauth.invalid_request', '`requested_lifetime` is a number of seconds')
  }
  return {
    budget: jsonOf(form, 'budget', 'task.bad_budget'),
    lifeSeconds: lifetime === undefined ? undefined : Number(lifetime),
  }
}

function jsonOf(form: Form, name: string, code: 'task.bad_details' | 'task.bad_budget'): unknown {
  const text = form.get(name)
  if (text === undefined) return undefined
  try {
    // Strict first: `JSON.parse` would take the last of two equal names and any depth.
    parseJson(text)
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Problem ? cause.detail : 'it cannot be read'
    throw new Problem(code, `\`${name}\`: ${why}`, { cause })
  }
}

/** At least 128 bits, in the characters of a bearer token (RFC 6750 section 2.1). */
export function isNotificationToken(text: string): boolean {
  return text.length >= 22 && text.length <= 1024 && /^[A-Za-z0-9._~+/-]+=*$/.test(text)
}
