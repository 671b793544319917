import { createHash, createHmac } from 'node:crypto'

/** Key of a store. */
export interface StoreKey {
  readonly id: string
  readonly secret: string
  /** Absent: it is no temporary key. */
  readonly session?: string | undefined
}

/** Request without a body that is signed: a GET. */
export interface SignedGet {
  readonly url: URL
  readonly key: StoreKey
  readonly region: string
  /** Epoch milliseconds. */
  readonly now: number
  /** More headers to sign, in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

/** SHA-256 of nothing. */
const OF_NOTHING = createHash('sha256').digest('hex')

/**
 * Headers of a GET that is signed with AWS Signature Version 4 for S3. The path of the address is signed as it is, and has to
 * have no character that is encoded; the address has no query.
 */
export function signedHeaders({
  headers = {},
  key,
  now,
  region,
  url,
}: SignedGet): Record<string, string> {
  const time = new Date(now).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const sent: Record<string, string> = {
    ...headers,
    'x-amz-content-sha256': OF_NOTHING,
    'x-amz-date': time,
    ...(key.session === undefined ? {} : { 'x-amz-security-token': key.session }),
  }
  const signed = Object.entries({ ...sent, host: url.host }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join('')
  const request = ['GET', url.pathname, '', lines, names, OF_NOTHING].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const digest = createHash('sha256').update(request).digest('hex')
  const text = ['AWS4-HMAC-SHA256', time, scope, digest].join('\n')
  const derived = [day, region, 's3', 'aws4_request'].reduce<Uint8Array>(
    hmac,
    Buffer.from(`AWS4${key.secret}`),
  )
  const signature = hmac(derived, text).toString('hex')
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
