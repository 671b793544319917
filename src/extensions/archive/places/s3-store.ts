import { sameBytes } from '../../../platform/lib/bytes.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import { type Outbound, outbound } from '../../../platform/net/index.ts'
import { ArchiveProblem } from '../problems.ts'
import type { ArchivePlace, ArchivePlaceFacts } from '../segment.ts'
import {
  type RequestParts,
  refusalText,
  SignedRequests,
  type StoreAnswer,
} from './signed-requests.ts'
import { unreachablePlace, unreachableReason } from './unreachable.ts'

/** File that shows whether a key may write. It always has the same content. */
const EXAMINED = 'examined'
const EXAMINED_TEXT = Buffer.from('remit doctor was here\n')

/** Parts of a store, as an operator set it up. */
export interface S3Parts extends Omit<RequestParts, 'outbound' | 'where'> {
  /** `prefix`: without slashes at its ends; empty: none. */
  readonly place: { readonly bucket: string; readonly prefix: string }
  /** Origin. */
  readonly endpoint: string
  /** True: requests name the bucket in their host, and not in their path. */
  readonly isInHost: boolean
}

/** Archive in a store that speaks the protocol of S3. */
export class S3Store implements ArchivePlace {
  readonly where: string
  readonly #base: string
  readonly #requests: SignedRequests
  readonly #outbound: Outbound

  private constructor(base: string, parts: RequestParts & { readonly outbound: Outbound }) {
    this.where = parts.where
    this.#base = base
    this.#requests = new SignedRequests(parts)
    this.#outbound = parts.outbound
  }

  /** Opens a store. Its requests reach the store's origin and no other. */
  static open({ endpoint, isInHost, place, ...parts }: S3Parts): S3Store {
    const { base, origin, where } = addressOf({ endpoint, isInHost, place })
    const reached = outbound({ allowOrigins: (each) => each === origin, connections: 4 })
    return new S3Store(base, { ...parts, where, outbound: reached })
  }

  /**
   * INVARIANT: an existing file is never replaced. It looks first, and a store that knows `If-None-Match` refuses a file
   * that another wrote meanwhile. With a store that does not know it, that moment is left: a replaced file is found
   * when it is read back, before anything leaves the database.
   */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    if (await this.#isThere(path, bytes)) return
    const answer = await this.#write(path, bytes)
    if (isDone(answer)) return
    if (answer.status === 412 && (await this.#isThere(path, bytes))) return
    throw this.#refused(answer)
  }

  async get(path: string): Promise<Uint8Array | undefined> {
    const answer = await this.#requests.send('GET', this.#urlOf(path))
    if (answer.status === 200) return answer.body
    // Any other 404 comes from a server that is no such store.
    if (answer.status === 404 && answer.code === 'NoSuchKey') return undefined
    throw this.#refused(answer)
  }

  async examine(): Promise<ArchivePlaceFacts> {
    await this.put(EXAMINED, EXAMINED_TEXT)
    // The second write has the same content, so a store that replaces the file loses nothing.
    const answer = await this.#write(EXAMINED, EXAMINED_TEXT)
    if (answer.status !== 412 && !isDone(answer)) throw this.#refused(answer)
    return { keepsFiles: answer.status === 412 }
  }

  close(): Promise<void> {
    this.#requests.end()
    return this.#outbound.close()
  }

  async #write(path: string, body: Uint8Array): Promise<StoreAnswer> {
    const type = { 'content-type': 'application/octet-stream' }
    const url = this.#urlOf(path)
    const headers = { ...type, 'if-none-match': '*' }
    const answer = await this.#requests.send('PUT', url, { body, headers })
    // A store that does not know the condition, and says so.
    return answer.code === 'NotImplemented' || answer.status === 501
      ? this.#requests.send('PUT', url, { body, headers: type })
      : answer
  }

  async #isThere(path: string, bytes: Uint8Array): Promise<boolean> {
    const before = await this.get(path)
    if (!before) return false
    if (sameBytes(before, bytes)) return true
    throw new ArchiveProblem('archive.other_content', `${path} is there with other content`)
  }

  /** INVARIANT: nothing is read or written outside the prefix. */
  #urlOf(path: string): string {
    if (!path.split('/').every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part)))
      throw new Error(`a path in the archive has other characters: ${path}`)
    return `${this.#base}/${path}`
  }

  #refused(answer: StoreAnswer): Problem {
    return unreachablePlace(this.where, unreachableReason(answer), { says: refusalText(answer) })
  }
}

function isDone({ status }: StoreAnswer): boolean {
  return status >= 200 && status < 300
}

/** Finds out where the files of a place are, and how people call it. */
export function addressOf({
  endpoint,
  isInHost,
  place: { bucket, prefix },
}: Pick<S3Parts, 'endpoint' | 'isInHost' | 'place'>) {
  const at = new URL(endpoint)
  const below = prefix === '' ? [] : [prefix]
  const where = `s3://${[bucket, ...below].join('/')} at ${at.host}`
  if (isInHost) at.hostname = `${bucket}.${at.hostname}`
  const base = [at.origin, ...(isInHost ? [] : [bucket]), ...below].join('/')
  return { base, origin: at.origin, where }
}
