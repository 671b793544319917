import type { Source } from '../tiles.ts'
import { type Answer, answerOf } from './answer.ts'
import type { Place } from './place.ts'
import { signedHeaders } from './signature.ts'

/** Archive that cannot be read. It proves nothing about the ledger. */
export class UnreadableArchive extends Error {}

/** Parts of the world that reading over HTTP needs. */
export interface StoreParts {
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  /** Limit of one try, in milliseconds. Default: 30,000. */
  readonly patienceMs?: number
}

/** Pauses before the second try, the third and the fourth, in milliseconds; there is no fifth. */
const PAUSES = [200, 1_000, 3_000]
const PATIENCE_MS = 30_000

const WORDS: Readonly<Record<string, string>> = {
  AuthorizationHeaderMalformed: 'the bucket is in another region (AWS_REGION)',
  NoSuchBucket: 'there is no such bucket',
  PermanentRedirect: 'the bucket is in another region (AWS_REGION), or needs --addressing host',
  RequestTimeTooSkewed: 'the store has another time than this computer',
}

/** Files of an archive in a store, or at a web server. */
export function storeSource(place: Place, parts: StoreParts): Pick<Source, 'read'> {
  return { read: (path) => read(place, parts, path) }
}

/** @throws UnreadableArchive */
async function read(
  place: Place,
  { now, patienceMs = PATIENCE_MS, wait }: StoreParts,
  path: string,
): Promise<Uint8Array | undefined> {
  // INVARIANT: nothing is read outside of the place.
  if (!path.split('/').every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part)))
    throw new RangeError(`a path in the archive has other characters: ${path}`)
  const url = new URL(`${place.base}/${path}`)
  for (let tries = 0; ; tries++) {
    // Signed each time: a signature holds for some minutes only.
    const { key, region } = place
    const headers = key ? signedHeaders({ url, key, region, now: now() }) : {}
    const answer = await answerOf(url, headers, patienceMs)
    if (answer.body) return answer.body
    if (isMissing(place, answer)) return undefined
    const pause = mayPass(answer) ? PAUSES[tries] : undefined
    if (pause === undefined)
      throw new UnreadableArchive(
        `${place.name}: ${path} cannot be read: ${reasonOf(place, answer)}`,
      )
    await wait(pause)
  }
}

/** INVARIANT: an answer of another server is not that of an archive without this file. A web server has no other way to say so. */
function isMissing({ kind }: Place, { code, status }: Answer): boolean {
  return status === 404 && (code === 'NoSuchKey' || (kind === 'web' && code === ''))
}

/** Tells whether the same request may do better a little later. */
function mayPass({ failure, status }: Answer): boolean {
  if (failure !== undefined) return failure === 'no_answer' || failure === 'timed_out'
  return [408, 425, 429].includes(status) || (status >= 500 && ![501, 505].includes(status))
}

function reasonOf({ key, kind }: Place, { code, failure, status }: Answer): string {
  if (failure === 'no_answer') return 'it does not answer'
  if (failure === 'timed_out') return 'there was no answer in time'
  if (failure === 'distrusted')
    return 'the certificate is not trusted here (NODE_EXTRA_CA_CERTS names a file with more authorities)'
  if (failure === 'too_large') return 'the answer is larger than any file of an archive'
  return `${wordsFor()} (${code === '' ? `status ${status}` : `${status} ${code}`})`

  function wordsFor(): string {
    const known = WORDS[code]
    if (known !== undefined) return known
    if (status === 404) return 'this is no store with the protocol of S3'
    if (status >= 300 && status < 400) return 'it is said to be elsewhere, and that is not followed'
    if (status !== 401 && status !== 403) return 'the answer was unexpected'
    if (kind === 'web') return 'access is refused'
    // A store does not tell a reader without the right to list the bucket which files are there.
    return key
      ? 'access is refused, or it is not there and this key may not list the bucket'
      : 'access is refused without a key (AWS_ACCESS_KEY_ID), or it is not there and only some may list the bucket'
  }
}
