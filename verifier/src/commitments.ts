import { createHash } from 'node:crypto'
import type { LedgerRecord } from './decisions.ts'
import { parseObject } from './record.ts'
import type { CommitmentCounts, Trouble } from './report.ts'

const FILE = 'private.jsonl'
const SALT_BYTES = 32

interface Disclosure {
  readonly position: number
  readonly name: string
  readonly salt: Buffer
  /** Canonical JSON text. */
  readonly value: string
}

/**
 * Compares disclosed values with the commitments in the records. Both come in the order of the records, so one line at a
 * time is enough.
 */
export class Commitments {
  readonly #lines: AsyncIterator<string>
  #next: Disclosure | undefined
  #line = 0
  #checked = 0
  #made = 0
  #trouble: Trouble | undefined

  constructor(lines: AsyncIterable<string>) {
    this.#lines = lines[Symbol.asyncIterator]()
  }

  /** The first thing that does not match, if any. */
  get trouble(): Trouble | undefined {
    return this.#trouble
  }

  counts(): CommitmentCounts {
    return { checked: this.#checked, absent: this.#made - this.#checked }
  }

  async start(): Promise<void> {
    await this.#advance()
  }

  /** Call for every record, in order. */
  async add({ commitments }: LedgerRecord, index: number): Promise<void> {
    this.#made += commitments.size
    const seen = new Set<string>()
    while (this.#next && this.#next.position === index && !this.#trouble) {
      const { name, salt, value } = this.#next
      const digest = createHash('sha256').update(salt).update(value).digest('base64url')
      if (commitments.get(name) !== digest || seen.has(name)) {
        this.#fail(`the value of \`${name}\` is not what the record commits to`, index)
        return
      }
      seen.add(name)
      this.#checked++
      await this.#advance()
    }
  }

  /** Call after the last record. */
  end(): void {
    if (this.#next && !this.#trouble)
      this.#fail('a value belongs to no record, or is out of order', this.#next.position)
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#lines.next()
    this.#line++
    this.#next = done ? undefined : parseLine(value)
    if (!done && !this.#next) this.#fail('the line cannot be read')
  }

  #fail(message: string, index?: number): void {
    this.#trouble = {
      verdict: 'modified',
      ...(index === undefined ? {} : { index }),
      message: `${FILE}, line ${this.#line}: ${message}`,
    }
  }
}

function parseLine(line: string): Disclosure | undefined {
  const members = parseObject(line)
  const [position, name, salt, value] = ['position', 'name', 'salt', 'value'].map((member) =>
    members?.get(member),
  )
  if (typeof position !== 'number' || typeof name !== 'string') return undefined
  if (typeof salt !== 'string' || typeof value !== 'string') return undefined
  const bytes = Buffer.from(salt, 'base64url')
  if (bytes.length !== SALT_BYTES || bytes.toString('base64url') !== salt) return undefined
  return { position, name, salt: bytes, value }
}
