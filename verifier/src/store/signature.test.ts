import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsV4Signer } from 'aws4fetch'
import { signedHeaders } from './signature.ts'

test('a signature is the one that the documentation of Amazon S3 has', () => {
  // "Examples: Signature Calculations in AWS Signature Version 4", GET Object.
  const { authorization } = signedHeaders({
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    key: { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    region: 'us-east-1',
    now: Date.UTC(2013, 4, 24),
    headers: { range: 'bytes=0-9' },
  })
  assert.equal(
    authorization,
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

test('signatures are those of another implementation', async () => {
  for (const [address, region, session] of [
    [
      'https://s3.eu-central-1.amazonaws.com/my-bucket/a/B_c.d/0/tile/entries/x001/234.gz',
      'eu-central-1',
      undefined,
    ],
    [
      'http://127.0.0.1:9000/records/0/segment/000000000000000-000000000016384',
      'us-east-1',
      'a/token+of=hours',
    ],
    ['https://records.minio.internal:9000/0/tile/0/000', 'local', 'x'],
  ] as const) {
    const key = { id: 'AKIDEXAMPLE', secret: 'a-secret/with+all', session }
    const now = Date.UTC(2026, 10, 30, 7, 8, 9, 10)
    const own = signedHeaders({ url: new URL(address), key, region, now })
    const signer = new AwsV4Signer({
      ...{ method: 'GET', url: address, region, service: 's3' },
      ...{ accessKeyId: key.id, secretAccessKey: key.secret },
      ...(session === undefined ? {} : { sessionToken: session }),
      datetime: '20261130T070809Z',
      headers: { 'x-amz-content-sha256': own['x-amz-content-sha256'] ?? '' },
    })
    const { headers } = await signer.sign()
    assert.deepEqual(
      { host: new URL(address).host, ...own },
      {
        host: new URL(address).host,
        ...Object.fromEntries(headers),
      },
    )
  }
})
