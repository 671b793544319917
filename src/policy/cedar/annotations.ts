import type { Obligation, Requestable } from '@remit/engine'
import { domainHash } from '../../platform/lib/canonical-json.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import { APPROVER_ANNOTATIONS, readApprovers } from './approver-annotations.ts'
import {
  OBLIGATION_ANNOTATIONS,
  parseStepUp,
  readObligations,
  STEP_UP_WORDS,
  secondsOf,
} from './obligations.ts'

/** Annotations as Cedar gives them: an annotation without a value is `null`. */
export type Annotations = Readonly<Record<string, string | null>>

export interface ReadAnnotations {
  /** Empty when there is none that can be used. */
  readonly id: string
  readonly requestable: Requestable | undefined
  readonly obligations: readonly Obligation[]
  readonly mistakes: readonly string[]
  /** Mistakes, of these, that say only that an annotation means nothing here. */
  readonly unknown: readonly string[]
}

const DEFAULT_LIFETIME = 'PT1H'
const MAX_QUORUM = 10
const COMPANIONS = [
  ...APPROVER_ANNOTATIONS,
  ...['quorum', 'lifetime', 'self', 'approver_step_up', 'approval_signature', 'editable'],
]
/** A misspelt `@quorum` must not quietly ask fewer people, so nothing unknown is accepted. */
const KNOWN = new Set<string>([
  'id',
  'requestable',
  'description',
  'advice',
  ...COMPANIONS,
  ...OBLIGATION_ANNOTATIONS,
])

/**
 * Reads the annotations of one policy. `@requestable("prompt")` makes a forbid one that people can
 * lift for one call: `@approvers` and its companions (`readApprovers`), `@quorum`
 * (default 1), `@lifetime` (ISO 8601, at most 24 h, default `PT1H`), `@self("true")` when requester
 * and represented person may answer too, `@approver_step_up("mfa max_age=PT5M")` when
 * approvers have to have signed in like that, `@approval_signature("passkey")` when they have to sign
 * the shown page, `@editable("amount, address/lines")` for arguments that approvers may
 * lower or shorten, `@break_glass("group:on-call")` for who may approve alone in an emergency.
 */
export function readAnnotations(
  effect: 'permit' | 'forbid',
  annotations: Annotations,
  text: string,
): ReadAnnotations {
  const mistakes: string[] = []
  for (const name of Object.keys(annotations)) {
    if (!KNOWN.has(name)) mistakes.push(`\`@${name}\` is not an annotation that is known here`)
  }
  const unknown = [...mistakes]
  const id = annotations.id ?? ''
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) {
    mistakes.push('needs an `@id("…")` of letters, digits, `.`, `_` and `-`, at most 64')
  }
  const obligations = readObligations(id, effect, annotations, mistakes)
  if (!('requestable' in annotations)) {
    for (const name of COMPANIONS) {
      if (name in annotations) mistakes.push(`\`@${name}\` means nothing without \`@requestable\``)
    }
    return { id, requestable: undefined, obligations, mistakes, unknown }
  }
  if (effect === 'permit')
    mistakes.push('`@requestable` belongs to a forbid: people lift what forbids')
  const requestable = readRequestable(id, annotations, text, mistakes)
  return {
    id,
    requestable: mistakes.length === 0 ? requestable : undefined,
    obligations,
    mistakes,
    unknown,
  }
}

function readRequestable(
  id: string,
  annotations: Annotations,
  text: string,
  mistakes: string[],
): Requestable {
  const prompt = annotations.requestable ?? ''
  if (prompt.length > 400 || visible(prompt) !== prompt) {
    mistakes.push(
      'the prompt of `@requestable` is longer than 400 characters or has invisible ones',
    )
  }
  const quorum = /^[0-9]{1,2}$/.test(annotations.quorum ?? '1')
    ? Number(annotations.quorum ?? '1')
    : 0
  if (quorum < 1 || quorum > MAX_QUORUM)
    mistakes.push(`\`@quorum\` is a number from 1 to ${MAX_QUORUM}`)
  const asked = readApprovers(annotations, quorum, mistakes)
  const lifetimeSeconds = secondsOf(annotations.lifetime ?? DEFAULT_LIFETIME)
  if (lifetimeSeconds === undefined) {
    mistakes.push(
      '`@lifetime` is an ISO 8601 duration of at most 24 hours, such as `PT1H` or `PT30M`',
    )
  }
  const self = annotations.self ?? 'false'
  if ('self' in annotations && !['true', 'false'].includes(annotations.self ?? '')) {
    mistakes.push('`@self` is "true" or "false"')
  }
  const stepUp = parseStepUp(annotations.approver_step_up ?? '')
  if ('approver_step_up' in annotations && !stepUp)
    mistakes.push(`\`@approver_step_up\`: ${STEP_UP_WORDS}`)
  const editable = readEditable(annotations, mistakes)
  const signature = annotations.approval_signature
  if ('approval_signature' in annotations && signature !== 'passkey')
    mistakes.push('`@approval_signature` is "passkey"')
  return {
    id,
    digest: policyDigest(text),
    prompt,
    ...asked,
    quorum,
    lifetimeSeconds: lifetimeSeconds ?? 0,
    self: self === 'true',
    ...(stepUp ? { stepUp } : {}),
    ...(editable.length === 0 ? {} : { editable }),
    ...(signature === 'passkey' ? { signature } : {}),
  }
}

const MAX_EDITABLE = 16

function readEditable(annotations: Annotations, mistakes: string[]): readonly string[] {
  if (!('editable' in annotations)) return []
  const names = (annotations.editable ?? '').split(',').map((name) => name.trim())
  if (names.length > MAX_EDITABLE || !names.every((name) => /^[\w.$-]+(\/[\w.$-]+)*$/.test(name)))
    mistakes.push(
      `\`@editable\` is a comma list of at most ${MAX_EDITABLE} arguments, such as \`amount, address/lines\``,
    )
  return [...new Set(names.map((name) => `/${name}`))]
}

/** An approval lifts a forbid only in the wording that the person was shown. */
export function policyDigest(text: string): string {
  return domainHash('remit/policy/v1', text)
}
