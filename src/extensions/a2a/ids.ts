import { createHmac } from 'node:crypto'
import type { Resource } from '../../catalog/catalog/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import { isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'

type Kind = 'task' | 'context'
/** Kind of a context that the client named itself. */
const CHOSEN = 'chosen context'
/** Characters of the mark before an id of the agent. */
const MARK = 22
const MAX_ID = 256

/**
 * Ids of tasks and contexts as one Remit task sees them: the agent's own id behind a keyed mark.
 * INVARIANT: an id that the agent gave to one task is of no use to another that learns it: the
 * mark does not fit. Nothing is stored for that, so every replica knows.
 */
export class OwnedIds {
  readonly #key: Uint8Array
  readonly #of: readonly string[]
  /** Ids that the client knows by another name: of a call that waited for people. */
  readonly #alias = new Map<string, string>()

  constructor(
    master: Pick<MasterKey, 'derive'>,
    { name, upstream }: Pick<Resource, 'name' | 'upstream'>,
    task: string,
  ) {
    this.#key = master.derive('a2a-ids')
    this.#of = [name, upstream, task]
  }

  readonly #reads = new Map<string, string>()

  /** Lets the client name a task of the agent by an id of ours. */
  readAs(outer: string, inner: string): void {
    this.#reads.set(outer, inner)
  }

  /** Lets the client know a task of the agent by an id of ours. */
  rename(inner: string, outer: string): void {
    this.#alias.set(inner, outer)
  }

  /** Writes an id of the agent as the client may use it. */
  toClient(kind: Kind, inner: string): string {
    const known = kind === 'task' ? this.#alias.get(inner) : this.#unmarked(CHOSEN, inner)
    return known ?? this.#mark(kind, inner) + inner
  }

  /**
   * Writes a context that the client brought as the agent knows it: its own, or one that the client chose, behind a mark. INVARIANT:
   * whatever a client chooses, it is a context of this Remit task alone, and none that the agent made for another. `undefined`: no id.
   */
  contextToAgent(outer: string): string | undefined {
    const own = this.toAgent('context', outer)
    const isId = outer !== '' && outer.length <= MAX_ID - MARK && outer.isWellFormed()
    return own ?? (isId ? this.#mark(CHOSEN, outer) + outer : undefined)
  }

  /** Reads an id that the client brought. `undefined`: not one of its task. */
  toAgent(kind: Kind, outer: string): string | undefined {
    const known = kind === 'task' ? this.#reads.get(outer) : undefined
    return known ?? this.#unmarked(kind, outer)
  }

  #unmarked(kind: Kind | typeof CHOSEN, marked: string): string | undefined {
    const inner = marked.slice(MARK)
    if (inner === '' || inner.length > MAX_ID || !inner.isWellFormed()) return undefined
    const expected = Buffer.from(this.#mark(kind, inner))
    const shown = Buffer.from(marked.slice(0, MARK))
    return sameBytes(shown, expected) ? inner : undefined
  }

  #mark(kind: Kind | typeof CHOSEN, inner: string): string {
    const text = JSON.stringify([...this.#of, kind, inner])
    return createHmac('sha256', this.#key).update(text).digest('base64url').slice(0, MARK)
  }
}

/** Characters with a meaning in patterns. */
const SPECIAL = /[\\^$.*+?()[\]{}|/]/g
const IDS: Readonly<Record<string, Kind>> = { taskId: 'task', contextId: 'context' }

/**
 * Writes the words of an agent about a call for the client: ids of the agent's own that the call names become those that the client
 * knows.
 */
export function wordsForClient(words: string, params: JsonObject, ids: OwnedIds): string {
  const message = params.get('message')
  const named = isObject(message) ? message : params
  const references = named.get('referenceTaskIds')
  const inner: readonly (readonly [Kind, Json | undefined])[] = [
    ['task', named.get('taskId') ?? params.get('id')],
    ['context', named.get('contextId')],
    ...(Array.isArray(references) ? references.map((id: Json) => ['task', id] as const) : []),
  ]
  return inner.reduce(
    (told, [kind, id]) =>
      typeof id === 'string' && id !== ''
        ? told.replace(new RegExp(`(?<![\\w-])${id.replace(SPECIAL, '\\$&')}(?![\\w-])`, 'g'), () =>
            ids.toClient(kind, id),
          )
        : told,
    words,
  )
}

/** Error for an answer of an agent that is not one. */
export class NoAnswer extends Error {}

/** Translates the ids of a message; from the agent's to the client's. */
function message(value: Json, ids: OwnedIds): JsonObject {
  if (!isObject(value)) throw new NoAnswer('a message is no object')
  const told = shallow(value, ids)
  const others = told.get('referenceTaskIds')
  if (Array.isArray(others))
    told.set(
      'referenceTaskIds',
      others.map((id: Json) => idOf('task', id, ids)),
    )
  return told
}

function status(value: Json | undefined, ids: OwnedIds): JsonObject {
  if (!isObject(value) || typeof value.get('state') !== 'string')
    throw new NoAnswer('a task has no status')
  const said = value.get('message')
  return said === undefined ? value : new Map([...value, ['message', message(said, ids)]])
}

/** Names of members that only we write. INVARIANT: an agent says nothing in our name. */
function shallow(value: JsonObject, ids: OwnedIds): Map<string, Json> {
  const told = new Map(value)
  for (const [name, kind] of Object.entries(IDS)) {
    const id = value.get(name)
    // Proto3 writes an empty string where there is none.
    if (id === undefined || id === '') told.delete(name)
    else told.set(name, idOf(kind, id, ids))
  }
  const metadata = value.get('metadata')
  if (isObject(metadata))
    told.set('metadata', new Map([...metadata].filter(([name]) => !/^remit\//i.test(name))))
  return told
}

function idOf(kind: Kind, id: Json | undefined, ids: OwnedIds): string {
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID || !id.isWellFormed())
    throw new NoAnswer('an id is no string, or too long')
  return ids.toClient(kind, id)
}

/** Writes a task of the agent for the client. @throws NoAnswer */
export function taskForClient(value: Json | undefined, ids: OwnedIds): JsonObject {
  if (!isObject(value)) throw new NoAnswer('a task is no object')
  const told = shallow(value, ids)
  told.set('id', idOf('task', value.get('id'), ids))
  told.set('status', status(value.get('status'), ids))
  const history = value.get('history')
  if (Array.isArray(history))
    told.set(
      'history',
      history.map((each: Json) => message(each, ids)),
    )
  else told.delete('history')
  return told
}

/** Members of what a message is answered with, and of each part of a stream (A2A 1.0, section 3.2.3). */
const PAYLOADS = {
  task: taskForClient,
  message,
  statusUpdate: (value: Json, ids: OwnedIds) => {
    if (!isObject(value)) throw new NoAnswer('an event is no object')
    return shallow(value, ids).set('status', status(value.get('status'), ids))
  },
  artifactUpdate: (value: Json, ids: OwnedIds) => {
    if (!isObject(value)) throw new NoAnswer('an event is no object')
    return shallow(value, ids)
  },
} as const
export type Payload = keyof typeof PAYLOADS

/** The one payload of an answer, and its value. @throws NoAnswer */
export function payloadOf(result: JsonObject): readonly [Payload, JsonObject] {
  const [name, ...more] = (Object.keys(PAYLOADS) as Payload[]).filter((each) => result.has(each)) // as: the keys above
  const value = name === undefined ? undefined : result.get(name)
  if (name === undefined || more.length > 0 || !isObject(value))
    throw new NoAnswer('the answer is not one of task, message, statusUpdate and artifactUpdate')
  return [name, value]
}

/** Id of the agent's task that a payload is about; `undefined`: of none. */
export function taskIdOf(name: Payload, value: JsonObject): string | undefined {
  const id = value.get(name === 'task' ? 'id' : 'taskId')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** Writes a payload of the agent for the client. @throws NoAnswer */
export function forClient(name: Payload, value: JsonObject, ids: OwnedIds): JsonObject {
  return PAYLOADS[name](value, ids)
}
