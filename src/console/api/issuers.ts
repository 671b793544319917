import type { Static } from 'typebox'
import {
  addIssuer,
  type ClaimTest,
  type DetailRule,
  findIssuer,
  type IdentityRule,
  type IssuerTerms as IssuerTermsNoun,
  type KeySource,
  listIssuers,
  resumeIssuer,
  revokeIssuer,
  setIssuerTerms,
  suspendIssuer,
  type TrustedIssuer,
} from '../../identity/issuers/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { ISSUERS } from '../api-operations/issuers.ts'
import { Issuer, type IssuerTerms, StoredTerms } from '../operation-kit/issuer-shape.ts'
import * as kit from '../operation-kit/schemas.ts'
import { fromJson, toJson } from './json.ts'
import { type ApiCaller, acts } from './operation.ts'
import { withOwnNames } from './own-names.ts'
import type { ApiParts } from './parts.ts'

const ISSUER = Issuer(kit)
const TERMS = StoredTerms(kit)

export const ISSUER_OPERATIONS = acts(ISSUERS, {
  list: async ({ issuers }) => ({
    issuers: (await listIssuers(issuers.storage.read)).map(issuerShape),
  }),
  show: async ({ issuers }, { params }) => {
    const issuer = await findIssuer(issuers.storage.read, params.name)
    if (!issuer)
      throw new Problem('issuer.unknown', `there is no trusted issuer \`${params.name}\``)
    return issuerShape(issuer)
  },
  add: async (parts, { body, caller }) => {
    const { issuers } = parts
    const { issuer, name, tenant = null, ...terms } = await withOwnNames(parts, body)
    return issuerShape(
      await addIssuer(issuers, { name, issuer, tenant, ...given(terms, caller.person.id) }),
    )
  },
  set: async (parts, { body, caller, params }) => {
    const { issuers } = parts
    const { by, secret, ...terms } = given(await withOwnNames(parts, body), caller.person.id)
    return issuerShape(await setIssuerTerms(issuers, { name: params.name, terms, secret, by }))
  },
  suspend: changing('suspend', suspendIssuer),
  resume: changing('resume', resumeIssuer),
  revoke: changing('revoke', revokeIssuer),
})

function changing(verb: string, change: typeof suspendIssuer) {
  return async (
    { issuers }: Pick<ApiParts, 'issuers'>,
    call: { caller: ApiCaller; params: { name: string }; body: { reason?: string } },
  ) => {
    const { reason = `${verb} by an administrator` } = call.body
    const by = call.caller.person.id
    return issuerShape(await change(issuers, { name: call.params.name, by, reason }))
  }
}

function given({ secret, ...body }: Static<ReturnType<typeof IssuerTerms>>, by: string) {
  const { expiresAt = null, owner = by, ...rest } = fromJson(body)
  const terms: IssuerTermsNoun = {
    ...rest,
    ownerId: owner,
    expiresAt: expiresAt === null ? null : Date.parse(expiresAt),
  }
  return { ...terms, secret: secret === undefined ? undefined : new Secret(secret), by }
}

function issuerShape(issuer: TrustedIssuer) {
  return toJson(ISSUER, issuer, {
    people: issuer.brought,
    has_secret: issuer.access?.introspection != null,
    // INVARIANT: these terms can be set again as they are; `given` reads them.
    terms: toJson(TERMS, issuer, {
      keys: keysShape(issuer.keys),
      rules: issuer.rules.map(ruleShape),
      access: accessShape(issuer),
    }),
  })
}

function keysShape(keys: KeySource): Record<string, unknown> {
  switch (keys.kind) {
    case 'discovery':
      return { discovery: true }
    case 'jwks':
      return {
        jwks: {
          keys: keys.keys.map(({ jwk, kid }) => ({ ...jwk, ...(kid === null ? {} : { kid }) })),
        },
      }
    default:
      return { [keys.kind]: keys.url }
  }
}

function ruleShape({ gives, name, when }: IdentityRule) {
  const tests = when.map(testShape)
  if ('agent' in gives) return { name, when: tests, agent: gives.agent }
  const { ceiling, mayDelegate, ownerId, sponsor, trust } = gives.admit
  return {
    name,
    when: tests,
    admit: { trust, ceiling, may_delegate: mayDelegate, owner: ownerId, sponsor },
  }
}

function testShape({ claim, is, value }: ClaimTest) {
  return { claim, [is]: value }
}

function accessShape({ access }: TrustedIssuer) {
  if (!access) return null
  const { introspection, ...rest } = access
  return {
    ...rest,
    details: rest.details.map(detailRuleShape),
    introspection: introspection && { url: introspection.url, client_id: introspection.clientId },
  }
}

function detailRuleShape({ gives, type, when }: DetailRule) {
  const shown = { type, when: when.map(testShape) }
  if (!gives) return shown
  const { location: at, ...rest } = gives
  return { ...shown, at, ...rest }
}
