import type { Ask, GateName, GateResult } from '@remit/engine'
import { EXPLANATIONS } from '../../platform/dictionaries/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { StoredRisk } from '../risk/index.ts'

/** Parts of a decision that `explain` needs beyond its columns. */
export type StoredExplanation = {
  readonly gates: readonly StoredGate[]
  readonly detail?: string | undefined
  readonly enough?: string | undefined
  readonly ask?: Ask | undefined
  readonly risk?: StoredRisk | undefined
}
/** The words of gates that passed are not kept, but for what lifted something and what limits had left. */
export type StoredGate = Omit<GateResult, 'detail'> & { readonly detail?: string }

/** Columns of the row that gates name again. */
interface NamedInRow {
  readonly personId: string | null
  readonly agentId: string | null
}

/**
 * Form in the books. `passed`: one word for each gate in their order; `*` stands for the next one of `gates`, which has more to
 * say. Absent where `gates` are all. Rows that were written before this was so have no `passed` and no `weighed`.
 */
type PackedExplanation = StoredExplanation & {
  readonly passed?: string
  /** `risk`, packed. */
  readonly weighed?: string
}

/** Letters of the gates. INVARIANT: one never changes its meaning, rows are read for years. */
const LETTERS: Readonly<Record<GateName, string>> = {
  credential: 'c',
  liveness: 'l',
  coverage: 'v',
  person: 'p',
  agent: 'a',
  external: 'x',
  approval: 'o',
  budget: 'b',
  obligations: 'g',
}
const GATE_OF = new Map(Object.entries(LETTERS).map(([gate, letter]) => [letter, gate as GateName])) // as: the keys of a record
const TOLD = '*'
const OWN = '.'
const MEMBERS = new Set(['gate', 'passed', 'policies', 'subject'])

/** Writes an explanation in a third of the characters: most gates of a permitted call passed, and have nothing else to say. */
export function packExplanation(explanation: StoredExplanation, row: NamedInRow): string {
  const { gates, risk, ...rest } = explanation
  const words = gates.map((gate) => wordOf(gate, row) ?? TOLD)
  const told = gates.filter((_, i) => words[i] === TOLD)
  const weighed = risk && packStoredRisk(risk)
  const packed: PackedExplanation = {
    ...rest,
    gates: told,
    ...(told.length === gates.length ? {} : { passed: words.join(' ') }),
    ...(weighed === undefined ? { risk } : { weighed }),
  }
  return EXPLANATIONS.shortenText(canonicalJson(packed))
}

export function unpackExplanation(text: string, row: NamedInRow): StoredExplanation {
  const { gates, passed, weighed, ...rest }: PackedExplanation = JSON.parse(
    EXPLANATIONS.restoreText(text),
  ) // written by packExplanation
  const told = gates.values()
  const all = passed?.split(' ').flatMap((word) => {
    const gate = word === TOLD ? told.next().value : gateFrom(word, row)
    return gate ? [gate] : []
  })
  return {
    ...rest,
    gates: all ?? gates,
    ...(weighed === undefined ? {} : { risk: unpackStoredRisk(weighed) }),
  }
}

/** `p`; with `.`: the person or agent of the row is its subject; with `:a,b`: these policies. */
function wordOf(gate: StoredGate, row: NamedInRow): string | undefined {
  const { passed, policies, subject } = gate
  const own = subject === undefined || subject === ownSubject(gate.gate, row)
  if (!passed || !own || saysMore(gate) || !(policies ?? []).every(isPlain)) return undefined
  const named = policies ? `:${policies.join(',')}` : ''
  return `${LETTERS[gate.gate]}${subject === undefined ? '' : OWN}${named}`
}

function saysMore(gate: StoredGate): boolean {
  for (const name of Object.keys(gate)) {
    // as: its own key
    if (!MEMBERS.has(name) && gate[name as keyof StoredGate] !== undefined) return true
  }
  return false
}

function gateFrom(word: string, row: NamedInRow): StoredGate | undefined {
  const gate = GATE_OF.get(word.charAt(0))
  if (!gate) return undefined
  const subject = word.charAt(1) === OWN ? ownSubject(gate, row) : undefined
  const at = word.indexOf(':')
  return {
    gate,
    passed: true,
    ...(at < 0 ? {} : { policies: listOf(word.slice(at + 1)) }),
    ...(subject === undefined ? {} : { subject }),
  }
}

function ownSubject(gate: GateName, { agentId, personId }: NamedInRow): string | undefined {
  if (gate === 'person') return personId ?? undefined
  return gate === 'agent' ? (agentId ?? undefined) : undefined
}

const BETWEEN = '|'

/** `undefined` for a risk with names of another form, which is then kept as it is. */
function packStoredRisk(risk: StoredRisk): string | undefined {
  const { callsLastMinute, definitionAgeDays, external = [], first, hour, hourUtc, points } = risk
  const isAllPlain =
    first.every(isPlain) &&
    Object.keys(points).every(isPlain) &&
    external.every(([name, of]) => isPlain(name) && isPlain(of))
  if (!isAllPlain || risk.external?.length === 0) return undefined
  return [
    risk.class,
    risk.score,
    callsLastMinute,
    risk.sizeRatio ?? '',
    hour,
    hourUtc,
    definitionAgeDays ?? '',
    first.join(','),
    pairsText(Object.entries(points)),
    pairsText(external),
  ].join(BETWEEN)
}

function unpackStoredRisk(text: string): StoredRisk {
  const [
    level = '',
    score,
    calls,
    sizeRatio,
    hour,
    hourUtc,
    age,
    first = '',
    points = '',
    external = '',
  ] = text.split(BETWEEN)
  return {
    score: Number(score),
    points: Object.fromEntries(pairsOf(points).map(([name, value]) => [name, Number(value)])),
    class: level as StoredRisk['class'], // as: written by packStoredRisk
    first: listOf(first),
    callsLastMinute: Number(calls),
    ...(sizeRatio ? { sizeRatio } : {}),
    hour: Number(hour),
    hourUtc: Number(hourUtc),
    ...(age ? { definitionAgeDays: Number(age) } : {}),
    ...(external ? { external: pairsOf(external) } : {}),
  }
}

function pairsText(pairs: readonly (readonly [string, string | number])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(',')
}

function pairsOf(text: string): readonly (readonly [string, string])[] {
  return listOf(text).map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
}

function listOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(',')
}

/** Names of policies and signals are mostly of this form. */
function isPlain(name: string): boolean {
  return /^[\w.-]+$/.test(name)
}
