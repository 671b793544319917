import { Secret } from '../../platform/lib/secret.ts'
import {
  oneOf,
  optional,
  readDays,
  type SettingValues,
  setting,
  textSetting,
} from '../../platform/lib/setting.ts'

/** Settings of the archive of the ledger. */
export const ARCHIVE_SETTINGS = {
  archive: optional(
    'REMIT_ARCHIVE',
    'Place into which old records of the ledger go: a folder, such as a mounted volume that all servers share, or `s3://bucket/prefix` in a store that speaks the protocol of S3. Not set: they stay in the database.',
    readArchive,
  ),
  archiveAfterDays: setting(
    'REMIT_ARCHIVE_AFTER_DAYS',
    '0',
    'Days after which records of the ledger leave the database for the archive, in full bundles of 256. Needs REMIT_ARCHIVE. 0: never.',
    readDays,
  ),
  archiveEndpoint: optional(
    'REMIT_ARCHIVE_ENDPOINT',
    'Origin of the store, such as `https://minio.internal:9000`. Private addresses are allowed. Not set: Amazon S3 in the region.',
    readEndpoint,
  ),
  archiveRegion: setting('REMIT_ARCHIVE_REGION', 'us-east-1', 'Region of the bucket.', readRegion),
  archiveAddressing: setting(
    'REMIT_ARCHIVE_ADDRESSING',
    'path',
    'Where requests name the bucket: in the `path`, or in the `host`.',
    oneOf('path', 'host'),
  ),
  archiveKeyId: optional(
    'REMIT_ARCHIVE_KEY_ID',
    'Id of the key for the store. Not set: AWS_ACCESS_KEY_ID.',
    textSetting,
  ),
  archiveSecretKey: optional(
    'REMIT_ARCHIVE_SECRET_KEY',
    'The secret of that key. Not set: AWS_SECRET_ACCESS_KEY.',
    (value) => new Secret(value),
  ),
  awsKeyId: optional('AWS_ACCESS_KEY_ID', 'As REMIT_ARCHIVE_KEY_ID, which wins.', textSetting),
  awsSecretKey: optional(
    'AWS_SECRET_ACCESS_KEY',
    'As REMIT_ARCHIVE_SECRET_KEY, which wins.',
    (value) => new Secret(value),
  ),
  awsSessionToken: optional(
    'AWS_SESSION_TOKEN',
    'Token of a temporary key in AWS_ACCESS_KEY_ID. Read at the start only.',
    (value) => new Secret(value),
  ),
} as const

export type ArchiveSettings = SettingValues<typeof ARCHIVE_SETTINGS>

export function archiveContradictions(settings: ArchiveSettings): readonly string[] {
  const found: string[] = []
  if (settings.archiveAfterDays > 0 && settings.archive === undefined)
    found.push('REMIT_ARCHIVE is missing')
  if (settings.archive?.startsWith('s3://') && !storeKeyIn(settings))
    found.push(
      'REMIT_ARCHIVE_KEY_ID and REMIT_ARCHIVE_SECRET_KEY are missing, or one of them (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)',
    )
  return found
}

/** Place in a store that speaks the protocol of S3. */
export interface StorePlace {
  readonly bucket: string
  /** Beginning of every name, without slashes at its ends; empty: none. */
  readonly prefix: string
}

const PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/

/** Reads `s3://bucket/prefix`; `undefined`: it is none. */
export function readStorePlace(value: string): StorePlace | undefined {
  const [, bucket, path = ''] = PLACE.exec(value) ?? []
  const prefix = path.replace(/\/$/, '')
  const isWhole = prefix === '' || prefix.split('/').every((part) => /[^.]/.test(part))
  return bucket !== undefined && isWhole ? { bucket, prefix } : undefined
}

/** Key for the store that the settings name; `undefined`: none, or a half of one. */
export function storeKeyIn(
  settings: ArchiveSettings,
): { id: string; secret: Secret; session?: Secret | undefined } | undefined {
  const { archiveKeyId, archiveSecretKey, awsKeyId, awsSecretKey, awsSessionToken } = settings
  if (archiveKeyId !== undefined || archiveSecretKey !== undefined)
    return archiveKeyId !== undefined && archiveSecretKey !== undefined
      ? { id: archiveKeyId, secret: archiveSecretKey }
      : undefined
  return awsKeyId !== undefined && awsSecretKey !== undefined
    ? { id: awsKeyId, secret: awsSecretKey, session: awsSessionToken }
    : undefined
}

function readArchive(value: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value) && !readStorePlace(value))
    throw new Error('is neither a folder nor a place such as `s3://bucket/prefix`')
  return value
}

/** An origin that an operator trusts: plain HTTP too, which `remit doctor` warns of. */
function readEndpoint(value: string): string {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== value.replace(/\/$/, ''))
    throw new Error('is not an origin such as `https://minio.internal:9000`')
  return url.origin
}

function readRegion(value: string): string {
  if (!/^[a-z0-9-]{1,64}$/.test(value)) throw new Error('is not a region such as `eu-central-1`')
  return value
}
