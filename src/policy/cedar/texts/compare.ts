import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { diffLines } from 'diff'
import { cedarWasm } from '../cedar-wasm.ts'
import { positionAt, splitPolicies } from '../policy-text.ts'
import { BadLink, isLink, isTemplate } from '../templates/link-text.ts'
import { Templates } from '../templates/templates.ts'
import { notesOn } from './notes.ts'

/** Change of one rule. `reworded`: its text differs, and it means the same. */
export interface RuleChange {
  readonly id: string
  readonly change: 'added' | 'removed' | 'changed' | 'reworded'
  /** Line where it begins in the newer text; of a removed one, in the older. */
  readonly line: number
  /** Notes in words on what the change means. */
  readonly notes: readonly string[]
  readonly lines: readonly ChangedLine[]
}

/** `' '`: in both. */
export interface ChangedLine {
  readonly sign: ' ' | '+' | '-'
  readonly text: string
}

interface Rule {
  readonly id: string
  readonly text: string
  readonly line: number
  readonly json: PolicyJson
}

/**
 * Two texts of policies, rule by rule: removed ones first, then the others in the order of the newer text. Where rules stand, and comments
 * between them, mean nothing. Run it in a thread (`compareInWorker`).
 */
export function compareTexts(before: string, after: string): readonly RuleChange[] {
  const old = rulesOf(before)
  const now = rulesOf(after)
  const removed = [...old.values()].filter(({ id }) => !now.has(id))
  return [
    ...removed.map((rule) => whole(rule, 'removed')),
    ...[...now.values()].flatMap((rule) => {
      const was = old.get(rule.id)
      if (!was) return [whole(rule, 'added')]
      return was.text === rule.text ? [] : [changed(was, rule)]
    }),
  ]
}

function rulesOf(text: string): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>()
  const pieces = splitPolicies(text)
  const templates = new Templates(pieces)
  for (const [i, piece] of pieces.entries()) {
    const json = jsonOf(piece.text, templates)
    if (!json) continue
    const id = json.annotations?.id ?? `rule ${i + 1}`
    const { line } = positionAt(text, piece.start)
    rules.set(id, { id, text: piece.text, line, json })
  }
  return rules
}

/**
 * Parses a rule to Cedar's JSON form; for a link, what it makes; `undefined` for what cannot be
 * read.
 */
function jsonOf(text: string, templates: Templates): PolicyJson | undefined {
  if (isLink(text)) {
    try {
      return templates.linked(text).json as PolicyJson // as: made of Cedar's form
    } catch (error) {
      if (error instanceof BadLink) return undefined
      throw error
    }
  }
  const parsed = isTemplate(text)
    ? cedarWasm().templateToJson(text)
    : cedarWasm().policyToJson(text)
  return parsed.type === 'success' ? parsed.json : undefined
}

function whole({ id, json, line, text }: Rule, change: 'added' | 'removed'): RuleChange {
  const sign = change === 'added' ? '+' : '-'
  const lines = text.split('\n').map((each) => ({ sign, text: each }) as const)
  const note = isTemplate(text) ? NOTHING_ALONE : WHOLE[change][json.effect]
  return { id, change, line, notes: [note], lines }
}

const NOTHING_ALONE = 'a template: what it means is said by its links'
const WHOLE = {
  added: { permit: 'permits more', forbid: 'forbids more' },
  removed: { permit: 'permits less', forbid: 'forbids less' },
} as const

function changed(was: Rule, now: Rule): RuleChange {
  const notes = notesOn(was.json, now.json)
  const { id, line } = now
  const change = notes.length === 0 ? 'reworded' : 'changed'
  return { id, change, line, notes, lines: linesOf(was.text, now.text) }
}

function linesOf(before: string, after: string): readonly ChangedLine[] {
  return diffLines(`${before}\n`, `${after}\n`).flatMap(({ added, removed, value }) => {
    const sign = added ? '+' : removed ? '-' : ' '
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ sign, text }) as const)
  })
}
