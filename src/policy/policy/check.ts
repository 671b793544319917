import { setImmediate as turn } from 'node:timers/promises'
import type { Requestable } from '@remit/engine'
import { Answers } from '../../catalog/catalog/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import { activePeopleOf, findPerson } from '../../identity/people/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  Findings,
  idOf,
  type Mistake,
  type ParsedPolicy,
  type PolicyPiece,
  parseInWorker,
  splitPolicies,
  type Validation,
} from '../cedar/index.ts'
import { checkAnswers } from './impossible/check-answers.ts'
import { loadWithWorker } from './load.ts'
import { validateInWorker } from './worker-tasks.ts'

/**
 * Checks a text of policies for mistakes, and for oddities in this organization: a rule
 * that asks people of whom there are too few for an answer, and one that names a group or an agent
 * that is not there. That is no mistake (people join groups as they sign in), but until then the
 * first only forbids, and the second applies to no one.
 */
export async function checkPolicies(
  reader: Reader,
  given: { readonly text: string; readonly schema: string },
): Promise<Validation> {
  const { mistakes, warnings } = await validateInWorker(given)
  if (mistakes.length > 0) return { mistakes, warnings }
  // A text that was just validated is not parsed again.
  const policies = await parseInWorker(given.text)
  const pieces = splitPolicies(given.text)
  const answered = await answersIn(reader, given, policies)
  if (answered.mistakes.length > 0) return { mistakes: answered.mistakes, warnings }
  const unanswerable = await warnOfApprovers(reader, given, policies)
  const all = [
    ...warnings,
    ...answered.warnings,
    ...unanswerable,
    ...(await warnOfNames(reader, given.text, pieces)),
  ]
  return { mistakes, warnings: all.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

/** Checks the parts of answers that rules change. The form of answers is no part of the schema. */
async function answersIn(
  reader: Reader,
  { schema, text }: { readonly text: string; readonly schema: string },
  policies: readonly ParsedPolicy[],
): Promise<Validation> {
  const found = new Findings(text)
  await checkAnswers(policies, { answers: new Answers(reader), schema }, found)
  return found.result()
}

async function warnOfApprovers(
  reader: Reader,
  { schema, text }: { readonly text: string; readonly schema: string },
  policies: readonly ParsedPolicy[],
): Promise<readonly Mistake[]> {
  const { requestable } = await loadWithWorker({ version: 0, text, schema }, 'compiled')
  const found = new Findings(text)
  const staff = new Staff(reader)
  const looked = new Set<number>()
  for await (const { id, start, text: own } of inTurns(policies)) {
    if (found.full) break
    const asking = requestable.get(id)
    // Links of one template ask the same people.
    if (!asking || looked.has(start)) continue
    looked.add(start)
    const at = start + Math.max(0, own.indexOf('@approvers'))
    for (const { help, message } of await staff.missing(asking)) {
      found.warning(asking.id, at, message, help)
    }
  }
  return found.result().warnings
}

/** A string, a comment, or an entity in the code. Cedar names it with one string. */
const NAMED = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|\b(Group|Agent)\s*::\s*"([^"\\]*)"/gs

/** Groups and agents that the text names and that are not there, each at its first place. */
async function warnOfNames(
  reader: Reader,
  text: string,
  pieces: readonly PolicyPiece[],
): Promise<readonly Mistake[]> {
  const found = new Findings(text)
  const seen = new Set<string>()
  for await (const piece of inTurns(pieces)) {
    if (found.full) break
    for (const { 0: whole, 1: kind, 2: name = '', index } of piece.text.matchAll(NAMED)) {
      if (kind === undefined || found.full || seen.has(`${kind} ${name}`)) continue
      seen.add(`${kind} ${name}`)
      const isThere = kind === 'Group' ? activePeopleOf(reader, name, 1) : findAgent(reader, name)
      if ((await isThere) !== undefined) continue
      const [words, help] = kind === 'Group' ? NO_GROUP : NO_AGENT
      found.warning(
        idOf(piece.text),
        piece.start + index,
        `${words}, so \`${whole}\` means no one`,
        help,
      )
    }
  }
  return found.result().warnings
}

/** Items that are looked at before others get their turn: about a millisecond. */
const AT_ONCE = 100

async function* inTurns<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const [i, item] of items.entries()) {
    if (i > 0 && i % AT_ONCE === 0) await turn()
    yield item
  }
}

const NO_GROUP = ['there is no such group', '`remit groups list`'] as const
const NO_AGENT = ['there is no such agent', '`remit agents list`'] as const

interface MissingName {
  readonly message: string
  readonly help: string
}

/** Result of looking up a name: the people that it means, or why it means none. */
type LookupResult =
  | { readonly people: readonly string[]; readonly absent?: undefined }
  | { readonly people?: undefined; readonly absent: MissingName }

/** People of a group that are counted. No quorum is larger. */
const MAX_COUNTED = 1_000

/** Directory of who can answer, as the people are now. Looked up once for each name. */
class Staff {
  readonly #reader: Reader
  readonly #groups = new Map<string, Promise<readonly string[] | undefined>>()

  constructor(reader: Reader) {
    this.#reader = reader
  }

  /** Lists names that mean no one, and whether the others are fewer than the quorum. */
  async missing(asking: Requestable): Promise<readonly MissingName[]> {
    const { approvers, breakGlass = [], escalation = [], fallback = [] } = asking
    const { furtherApprovers = [], quorum } = asking
    const missing: MissingName[] = []
    for (const rule of [approvers, ...furtherApprovers])
      missing.push(...(await this.#missingIn(rule, quorum)))
    // More names than the rules have: they only add people.
    const more = [...fallback, ...escalation.map(({ name }) => name), ...breakGlass]
    return [...missing, ...(await this.#missingIn(more, 0))]
  }

  async #missingIn(names: readonly string[], quorum: number): Promise<readonly MissingName[]> {
    const missing: MissingName[] = []
    const able = new Set<string>()
    // Whom these mean depends on the call.
    const known = names.filter(
      (name) => name !== 'represented' && name !== 'manager' && name !== 'owner',
    )
    for (const name of known) {
      const { absent, people = [] } = await this.#named(name)
      for (const id of people) able.add(id)
      if (absent) missing.push(absent)
    }
    if (known.length === names.length && able.size > 0 && able.size < quorum) {
      missing.push({
        message: `${able.size} of the ${quorum} people that \`@quorum\` asks for could answer`,
        help: 'what it forbids stays forbidden until there are more',
      })
    }
    return missing
  }

  async #named(name: string): Promise<LookupResult> {
    const [kind, value = ''] = name.split(':', 2)
    return kind === 'group' ? this.#ofGroup(value) : this.#person(value)
  }

  async #ofGroup(group: string): Promise<LookupResult> {
    const known = this.#groups.get(group) ?? activePeopleOf(this.#reader, group, MAX_COUNTED)
    this.#groups.set(group, known)
    const people = await known
    if (!people) {
      return meansNoOne(
        `there is no group \`${group}\`, so no one in it could answer`,
        `\`remit groups create ${group}\``,
      )
    }
    if (people.length > 0) return { people }
    return meansNoOne(
      `no one is in the group \`${group}\`, so no one in it could answer`,
      `people come into it as they sign in, by a mapping, or with \`remit groups add ${group} PERSON\``,
    )
  }

  async #person(id: string): Promise<LookupResult> {
    const person = await findPerson(this.#reader, id)
    if (person?.status === 'active') return { people: [id] }
    const state = person ? 'suspended' : 'not known here'
    return meansNoOne(`\`${id}\` is ${state}, so could not answer`, '`remit people list`')
  }
}

function meansNoOne(message: string, help: string): LookupResult {
  return { absent: { message, help } }
}
