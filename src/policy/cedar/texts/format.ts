import { Problem } from '../../../platform/lib/problem.ts'
import { cedarWasm } from '../cedar-wasm.ts'
import { Findings, invalidPolicies } from '../findings.ts'
import { offsetOfByte, splitPolicies, withoutPieces } from '../policy-text.ts'
import { BadLink, formatLink, hasComment, isLink } from '../templates/link-text.ts'

const WIDTH = 100
const INDENT = 2

/**
 * The text in the one layout: each rule as the official formatter writes it, comments as they stand, one blank line where there were some, and
 * between rules. What it means stays the same: the policies are parsed again and compared. Run it in a thread.
 * @throws Problem `policy.invalid`
 */
export function formatText(text: string): string {
  const pieces = splitPolicies(text)
  let formatted = ''
  let end = 0
  for (const { start, text: rule } of pieces) {
    formatted += between(text.slice(end, start), end > 0, true) + formatRule(rule, text, start)
    end = start + rule.length
  }
  formatted += between(text.slice(end), end > 0, false)
  // INVARIANT: a formatter that changed a rule would change who may do what.
  if (meaning(text) !== meaning(formatted))
    throw new Problem('policy.invalid', 'the formatter would have changed what the text means')
  return formatted
}

/** Comments between rules, and the line breaks around them. A comment behind a rule stays there. */
function between(gap: string, afterRule: boolean, beforeRule: boolean): string {
  const lines = gap.split('\n').map((line) => line.trim())
  const [behind = '', ...own] = afterRule ? lines : ['', ...lines]
  const kept = own
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .replace(/\n+$/, /\n\n$/.test(own.join('\n')) && beforeRule ? '\n' : '')
  const first = afterRule ? `${behind === '' ? '' : ` ${behind}`}\n` : ''
  const comments = kept.trim() === '' ? '' : `${kept}\n`
  const apart = afterRule && (beforeRule || comments !== '') ? '\n' : ''
  return `${first}${apart}${comments}`
}

function formatRule(rule: string, text: string, start: number): string {
  if (isLink(rule)) return formatLinkAt(rule, text, start)
  const answer = cedarWasm().formatPolicies({
    policyText: rule,
    lineWidth: WIDTH,
    indentWidth: INDENT,
  })
  if (answer.type === 'success') return answer.formatted_policy.trim()
  const found = new Findings(text)
  for (const { message, sourceLocations } of answer.errors) {
    const byte = sourceLocations?.[0]?.start
    found.mistake(undefined, start + (byte === undefined ? 0 : offsetOfByte(rule, byte)), message)
  }
  throw invalidPolicies(found.result().mistakes)
}

/** A comment in a link has no place in its layout: it stays as it was written. */
function formatLinkAt(rule: string, text: string, start: number): string {
  try {
    return hasComment(rule) ? rule : formatLink(rule, WIDTH)
  } catch (error) {
    if (!(error instanceof BadLink)) throw error
    const found = new Findings(text)
    found.mistake(undefined, start + error.at, error.message, error.help)
    throw invalidPolicies(found.result().mistakes)
  }
}

function meaning(text: string): string {
  const pieces = splitPolicies(text)
  const links = pieces.filter((piece) => isLink(piece.text))
  const parts = cedarWasm().policySetTextToParts(withoutPieces(text, links))
  if (parts.type !== 'success')
    throw new Problem('policy.invalid', parts.errors[0]?.message ?? 'the policies cannot be read')
  const policies = parts.policies.map((policy) => JSON.stringify(cedarWasm().policyToJson(policy)))
  return [
    ...policies,
    ...parts.policy_templates.map((each) => JSON.stringify(cedarWasm().templateToJson(each))),
    ...links.map((link) => formatLink(link.text, WIDTH)),
  ].join('\n')
}
