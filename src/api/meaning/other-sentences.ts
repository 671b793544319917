import { type Sentence, said } from './given.ts'

/** Issuers, decision points, spaces, limits and books. */
export const OTHER_SENTENCES: Readonly<Record<string, Sentence>> = {
  'admission.add': ({ body }) =>
    `Let in the programs that the rule ${said(body.name)} matches, with trust level ${said(body.trust)}`,
  'admission.remove': ({ params }) => `Remove the admission rule ${said(params.name)}`,
  'issuers.add': ({ body }) => `Trust the issuer ${said(body.issuer)} as ${said(body.name)}`,
  'issuers.set_terms': ({ params }) =>
    `Change what the issuer ${said(params.name)} is trusted with`,
  'issuers.resume': ({ params }) => `Let the suspended issuer ${said(params.name)} count again`,
  'connections.add': ({ body }) => `Keep the credential ${said(body.name)} for an API`,
  'signals.end': ({ body }) =>
    `Take back the signal ${said(body.signal)} about ${said(body.subject)}`,
  'points.add': ({ body }) =>
    `Ask the decision point ${said(body.name)} at ${said(body.url)} about calls`,
  'points.remove': ({ params }) => `Ask the decision point ${said(params.name)} no more`,
  'spaces.create': ({ body }) => `Make the space ${said(body.name)}`,
  'spaces.change': ({ params }) => `Change the space ${said(params.name)}, also for tasks that run`,
  'spaces.resume': ({ params }) => `Let calls in the space ${said(params.name)} go on`,
  'clients.add': ({ body }) =>
    `Register the program ${said(body.id)} of the kind ${said(body.kind)}: ${said(body.settings ?? {})}`,
  'clients.change': ({ params }) => `Change what the program ${said(params.id)} may ask about`,
  'clients.rotate': ({ params }) => `Make a new secret for the program ${said(params.id)}`,
  'clients.add_key': ({ params }) => `Add a key to the program ${said(params.id)}`,
  'policysets.publish': ({ params }) => `Publish the policy-only set ${said(params.name)}`,
  'ledger.accept_break': ({ body }) =>
    `Go on with history ${said(body.history)} of the ledger, in which signed records are missing: every open task is closed, and every approval and allowance ends`,
  'tasks.resume': ({ params }) => `Let the suspended task ${said(params.id)} continue`,
  'bases.grant': ({ body }) => `Let ${said(body.agent)} act for a person without asking them`,
  'sponsorships.grant': ({ body }) =>
    `Let ${said(body.agent)} open tasks in your name while nobody is present: ${said(body.purpose)}`,
  'limits.set': ({ body }) => `Set a limit for ${said(body.subject)}`,
  'limits.remove': ({ params }) => `Remove the limit ${said(params.id)}`,
  'ledger.erase': ({ body }) => `Erase values beside the ledger for good: ${said(body.why)}`,
}
