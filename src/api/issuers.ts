import {
  addIssuer,
  findIssuer,
  listIssuers,
  resumeIssuer,
  revokeIssuer,
  setIssuerTerms,
  suspendIssuer,
} from '../issuers/index.ts'
import { Problem } from '../lib/problem.ts'
import { Secret } from '../lib/secret.ts'
import { ByName, listOf, Reason } from '../operations/schemas.ts'
import { Issuer, issuerShape, NewIssuer, Terms, termsOf } from './issuer-shapes.ts'
import { operation } from './operation.ts'

/** Issuers of others that are trusted with something. */
export const ISSUER_OPERATIONS = [
  operation({
    id: 'issuers.list',
    method: 'GET',
    path: '/issuers',
    says: 'Every issuer of others that is, or was, trusted with something.',
    who: 'administrator',
    widens: false,
    answer: listOf('issuers', Issuer),
    run: async ({ issuers }) => ({
      issuers: (await listIssuers(issuers.storage.read)).map(issuerShape),
    }),
  }),
  operation({
    id: 'issuers.show',
    method: 'GET',
    path: '/issuers/:name',
    says: 'One of them, with its terms as they can be set again.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Issuer,
    run: async ({ issuers }, { params }) => {
      const issuer = await findIssuer(issuers.storage.read, params.name)
      if (!issuer)
        throw new Problem('issuer.unknown', `there is no trusted issuer \`${params.name}\``)
      return issuerShape(issuer)
    },
  }),
  operation({
    id: 'issuers.add',
    method: 'POST',
    path: '/issuers',
    says: 'Trusts an issuer of others: which agents it may vouch for, whose tokens of it count, and what may come of it at most. Its name is never given out again.',
    who: 'administrator',
    widens: true,
    body: NewIssuer,
    answer: Issuer,
    run: async ({ issuers }, { body, caller }) => {
      const { issuer, name, secret, tenant = null, ...terms } = body
      return issuerShape(
        await addIssuer(issuers, {
          ...{ name, issuer, tenant },
          ...termsOf(terms, caller.person.id),
          secret: secret === undefined ? undefined : new Secret(secret),
          by: caller.person.id,
        }),
      )
    },
  }),
  operation({
    id: 'issuers.set_terms',
    method: 'PUT',
    path: '/issuers/:name/terms',
    says: 'Sets everything about an issuer that can change; what is left out is what it is by default. Resource tokens of tasks that rest on it are void, and are issued anew under the new terms.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: Terms,
    answer: Issuer,
    run: async ({ issuers }, { body, caller, params }) => {
      const by = caller.person.id
      const secret = body.secret === undefined ? undefined : new Secret(body.secret)
      const change = { name: params.name, terms: termsOf(body, by), secret, by }
      return issuerShape(await setIssuerTerms(issuers, change))
    },
  }),
  ...(['suspend', 'resume', 'revoke'] as const).map((act) =>
    operation({
      id: `issuers.${act}`,
      method: 'POST',
      path: `/issuers/:name/${act}`,
      says: {
        suspend:
          'Stops everything that rests on the issuer, now: its agents, and tasks that began with its tokens.',
        resume: 'Lets a suspended issuer count again. Resource tokens from before stay dead.',
        revoke: 'Ends the trust for good, and with it everything that came of it.',
      }[act],
      who: 'administrator',
      widens: act === 'resume',
      params: ByName,
      body: Reason,
      answer: Issuer,
      run: async ({ issuers }, { body, caller, params }) => {
        const reason = body.reason ?? `${act} by an administrator`
        const change = { name: params.name, by: caller.person.id, reason }
        const acts = { suspend: suspendIssuer, resume: resumeIssuer, revoke: revokeIssuer }
        return issuerShape(await acts[act](issuers, change))
      },
    }),
  ),
]
