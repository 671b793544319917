import type { StoreKey } from './signature.ts'

/** Place of an archive that is read over HTTP. */
export interface Place {
  /** `store`: it speaks the protocol of S3. `web`: any web server that has the files. */
  readonly kind: 'store' | 'web'
  /** Address below which the files are, without a slash at its end. */
  readonly base: string
  /** Name of the place, for people. */
  readonly name: string
  readonly region: string
  /** Absent: anybody may read there. A web server never gets one. */
  readonly key?: StoreKey
}

/** Place that cannot be meant; the message says what would do. */
export class BadPlace extends Error {}

interface PlaceOptions {
  /** Origin of the store; Amazon S3 in the region where it is absent. */
  readonly endpoint?: string | undefined
  /** Part of a request that names the bucket. */
  readonly addressing?: string | undefined
  /** Environment, for the usual `AWS_…` variables. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Pattern of the place, as the server reads it. */
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/

/** Tells an address from a folder. */
export function isAddress(given: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(given)
}

/** Reads `s3://bucket/prefix`, or the address of a web server. @throws BadPlace */
export function readPlace(given: string, options: PlaceOptions): Place {
  return /^https?:\/\//i.test(given) ? webServer(given, options) : store(given, options)
}

function webServer(given: string, { addressing, endpoint }: PlaceOptions): Place {
  if (endpoint !== undefined || addressing !== undefined)
    throw new BadPlace('--endpoint and --addressing are for an archive at s3://bucket/prefix')
  const url = URL.parse(given)
  if (!url) throw new BadPlace('--archive is not an address such as https://host/path')
  if (`${url.username}${url.password}${url.search}${url.hash}` !== '')
    throw new BadPlace('--archive is an address with a user, a query or a fragment')
  const base = `${url.origin}${url.pathname.replace(/\/$/, '')}`
  return { kind: 'web', base, name: base, region: '' }
}

function store(given: string, { addressing = 'path', endpoint, env }: PlaceOptions): Place {
  const [, bucket, path = ''] = BUCKET.exec(given) ?? []
  const prefix = path.replace(/\/$/, '')
  const isWhole = prefix === '' || prefix.split('/').every((part) => /[^.]/.test(part))
  if (bucket === undefined || !isWhole)
    throw new BadPlace(
      '--archive is neither a folder nor an address such as s3://bucket/prefix or https://host/path',
    )
  if (addressing !== 'path' && addressing !== 'host')
    throw new BadPlace('--addressing is path or host')
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1'
  if (!/^[a-z0-9-]{1,64}$/.test(region))
    throw new BadPlace('AWS_REGION is not a region such as eu-central-1')
  const at = originOf(endpoint ?? `https://s3.${region}.amazonaws.com`)
  const below = prefix === '' ? [] : [prefix]
  const name = `s3://${[bucket, ...below].join('/')} at ${at.host}`
  if (addressing === 'host') at.hostname = `${bucket}.${at.hostname}`
  const base = [at.origin, ...(addressing === 'host' ? [] : [bucket]), ...below].join('/')
  const key = keyIn(env)
  return { kind: 'store', base, name, region, ...(key && { key }) }
}

function originOf(endpoint: string): URL {
  const url = URL.parse(endpoint)
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== endpoint.replace(/\/$/, ''))
    throw new BadPlace('--endpoint is not an origin such as https://minio.internal:9000')
  return url
}

function keyIn(env: PlaceOptions['env']): StoreKey | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session } = env
  if (!id !== !secret)
    throw new BadPlace('one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set, and one is not')
  return id && secret ? { id, secret, session: session || undefined } : undefined
}
