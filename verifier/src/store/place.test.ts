import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadPlace, readPlace } from './place.ts'

const KEY = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'a-secret-canary' }

test('a place in a store', () => {
  const endpoint = 'https://minio.internal:9000/'
  for (const [given, options, base, name] of [
    [
      's3://my-bucket',
      {},
      'https://s3.us-east-1.amazonaws.com/my-bucket',
      's3://my-bucket at s3.us-east-1.amazonaws.com',
    ],
    [
      's3://records/a/b/',
      { endpoint },
      'https://minio.internal:9000/records/a/b',
      's3://records/a/b at minio.internal:9000',
    ],
    [
      's3://records/a',
      { endpoint, addressing: 'host' },
      'https://records.minio.internal:9000/a',
      's3://records/a at minio.internal:9000',
    ],
  ] as const) {
    const place = readPlace(given, { ...options, env: {} })
    assert.deepEqual(place, { kind: 'store', base, name, region: 'us-east-1' })
  }
  const env = { ...KEY, AWS_SESSION_TOKEN: 'of hours', AWS_REGION: 'eu-central-1' }
  const { base, key, region } = readPlace('s3://my-bucket', { env })
  assert.deepEqual(
    [base, key, region],
    [
      'https://s3.eu-central-1.amazonaws.com/my-bucket',
      { id: 'AKID', secret: 'a-secret-canary', session: 'of hours' },
      'eu-central-1',
    ],
  )
  assert.equal(readPlace('s3://abc', { env: { AWS_DEFAULT_REGION: 'x-1' } }).region, 'x-1')
  const empty = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '' }
  assert.equal(readPlace('s3://abc', { env: empty }).key, undefined)
})

test('a web server, which never gets a key', () => {
  const place = readPlace('https://Files.example/a%20b/', { env: KEY })
  const base = 'https://files.example/a%20b'
  assert.deepEqual(place, { kind: 'web', base, name: base, region: '' })
})

test('what cannot be meant is refused, without a word of a secret', () => {
  for (const [given, options] of [
    ['s3://', {}],
    ['s3://UPPER', {}],
    ['s3://bucket/../other', {}],
    ['s3://bucket/a b', {}],
    ['S3://bucket', {}],
    ['ftp://host/path', {}],
    ['gs://bucket', {}],
    ['s3://bucket', { endpoint: 'minio.internal:9000' }],
    ['s3://bucket', { endpoint: 'https://minio.internal/path' }],
    ['s3://bucket', { endpoint: 'ftp://minio.internal' }],
    ['s3://bucket', { addressing: 'neither' }],
    ['s3://bucket', { env: { AWS_ACCESS_KEY_ID: 'AKID' } }],
    ['s3://bucket', { env: { AWS_SECRET_ACCESS_KEY: 'a-secret-canary' } }],
    ['s3://bucket', { env: { AWS_REGION: 'evil.example/' } }],
    ['https://user:a-secret-canary@files.example/', {}],
    ['https://files.example/?signature=a-secret-canary', {}],
    ['https://files.example/#here', {}],
    ['https://', {}],
    ['https://user:a-secret-canary@files example/', {}],
    ['ftp://user:a-secret-canary@host/path', {}],
    ['s3://AKID:a-secret-canary@bucket', {}],
    ['https://files.example', { endpoint: 'https://minio.internal' }],
    ['https://files.example', { addressing: 'path' }],
  ] as const)
    assert.throws(
      () => readPlace(given, { env: {}, ...options }),
      (error) => {
        assert.ok(error instanceof BadPlace, given)
        assert.doesNotMatch(error.message, /canary/)
        return true
      },
    )
})
