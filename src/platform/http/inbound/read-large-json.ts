import { Problem } from '../../lib/problem.ts'
import { workerTask } from '../../lib/worker-task.ts'
import { readPlainJson } from './read-plain-json.ts'

const split = workerTask<typeof splitJson>({
  ...{ base: import.meta.url, file: 'split-json', name: 'splitJson', maxMs: 30_000 },
})

/**
 * Reads JSON as `readPlainJson` does, but in a thread, for bodies that take long: this thread
 * answers calls meanwhile, and gets texts instead of objects.
 * @throws Problem as `readPlainJson`
 */
export async function readLargeJson(body: LargeBody): Promise<unknown> {
  try {
    const { rest, texts } = await oneByOne(() => splitLargeBody(body))
    const value: unknown = JSON.parse(rest)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value, ...texts }
      : value
  } catch (error) {
    if (error instanceof Problem) throw error
    // The thread ran out of time, of stack or of memory.
    throw new Problem('input.too_large', 'the body takes too long to read', { cause: error })
  }
}

function splitLargeBody(body: LargeBody): Promise<ReadBody> {
  // A posted view is copied with all the memory that it is a part of.
  return split({ ...body, bytes: new Uint8Array(body.bytes) })
}

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs one piece of work after another: each large body takes several times its bytes while it is
 * read.
 */
function oneByOne<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work)
  last = next.catch(() => {})
  return next
}

interface LargeBody {
  readonly bytes: Uint8Array
  readonly most: number
  /** Members of the body that may be large, and that their reader can read from a text: an object there is written out again. */
  readonly texts: readonly string[]
}

/** Body without those members, as JSON, and the texts of the members. */
interface ReadBody {
  readonly rest: string
  readonly texts: Readonly<Record<string, string>>
}

/** Reads a large body and takes the members out that are to stay texts. */
function splitJson({ bytes, most, texts: names }: LargeBody): ReadBody {
  const value = readPlainJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), most)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { rest: JSON.stringify(value), texts: {} }
  const members = Object.entries(value)
  const texts = members.flatMap(([name, member]) =>
    names.includes(name) && canBeLarge(member) ? [[name, memberText(member)] as const] : [],
  )
  const taken = new Set(texts.map(([name]) => name))
  const rest = Object.fromEntries(members.filter(([name]) => !taken.has(name)))
  return { rest: JSON.stringify(rest), texts: Object.fromEntries(texts) }
}

/** Checks whether a member can be large. A number, a boolean or null stays as it is. */
function canBeLarge(member: unknown): boolean {
  return typeof member === 'string' || (typeof member === 'object' && member !== null)
}

function memberText(member: unknown): string {
  return typeof member === 'string' ? member : JSON.stringify(member)
}
