import { Problem } from '../../platform/lib/problem.ts'
import {
  type AnnotatedJson,
  exactJson,
  type ParsedJson,
  policyToJson,
  templateToJson,
} from './exact-integers.ts'
import { type PolicyPiece, splitPolicies } from './policy-text.ts'
import { BadLink, isLink, isTemplate } from './templates/link-text.ts'
import { Templates } from './templates/templates.ts'

/** One policy, parsed. Plain data: it can come from another thread. */
export interface ParsedPolicy {
  /** Empty when it has none: such a text is not published. */
  readonly id: string
  /** Text as it was written; what a link makes has its template and the link. */
  readonly text: string
  /** Offset in the whole: of a link, where its template is. */
  readonly start: number
  /** Offset of the link, where one made this. */
  readonly link?: number
  /** Cedar's JSON form, as text (`readExactJson`): that is quickest to hand over, and can be read piece by piece. */
  readonly json: string
}

/**
 * The policies of a text, parsed by Cedar: those that stand there, and those that links make of templates. A template decides nothing.
 * @throws Problem `policy.invalid` for the first that does not parse
 */
export function parsePolicies(text: string): readonly ParsedPolicy[] {
  const pieces = splitPolicies(text)
  const templates = new Templates(pieces)
  return pieces.flatMap((piece) => {
    if (isLink(piece.text)) return parseLink(piece, templates)
    const template = isTemplate(piece.text)
    const json = requireParsed(template ? templateToJson(piece.text) : policyToJson(piece.text))
    return template ? [] : { ...piece, id: json.annotations?.id ?? '', json: exactJson(json) }
  })
}

function requireParsed(parsed: ParsedJson): AnnotatedJson {
  if (parsed.type === 'success') return parsed.json
  throw new Problem('policy.invalid', parsed.errors[0]?.message ?? 'a policy cannot be parsed')
}

function parseLink({ start: link, text: own }: PolicyPiece, templates: Templates): ParsedPolicy {
  try {
    const { id, json, template, text } = templates.linked(own)
    return { id, text, start: template.piece.start, link, json: exactJson(json) }
  } catch (error) {
    throw error instanceof BadLink ? new Problem('policy.invalid', error.message) : error
  }
}

/** Texts that were parsed last, oldest first: a text just checked for publishing is loaded next. */
const MAX_TEXTS = 4
const known = new Map<string, readonly ParsedPolicy[]>()

export function rememberParsed(text: string, policies: readonly ParsedPolicy[]): void {
  known.delete(text)
  known.set(text, policies)
  for (const oldest of known.keys()) {
    if (known.size <= MAX_TEXTS) break
    known.delete(oldest)
  }
}

export function recallParsed(text: string): readonly ParsedPolicy[] | undefined {
  return known.get(text)
}
