import assert from 'node:assert/strict'
import { it } from 'node:test'
import { protectedResourceMetadata, protectedResourceMetadataPath } from './metadata.ts'

it('says where tokens for an API come from', () => {
  const resource = 'https://shop.example/api'
  const issuer = 'https://remit.example'
  assert.equal(protectedResourceMetadataPath(resource), '/.well-known/oauth-protected-resource/api')
  assert.equal(
    protectedResourceMetadataPath('https://shop.example'),
    '/.well-known/oauth-protected-resource',
  )
  const document = protectedResourceMetadata({ resource, issuer, title: 'Shop', scopes: ['a'] })
  assert.deepEqual(document, {
    resource,
    resource_name: 'Shop',
    authorization_servers: [issuer],
    scopes_supported: ['a'],
    bearer_methods_supported: ['header'],
    authorization_details_types_supported: ['remit_call'],
    dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA'],
    dpop_bound_access_tokens_required: true,
  })
})
