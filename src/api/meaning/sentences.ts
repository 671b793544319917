import { type Sentence, said } from './given.ts'
import { OTHER_SENTENCES } from './other-sentences.ts'

const MORE_SENTENCES: Readonly<Record<string, Sentence>> = {
  'agents.register': ({ body }) => `Register the agent ${said(body.name)}`,
  'agents.set_limits': ({ params }) => `Change what ${said(params.name)} may ever be given`,
  'agents.set_certification': ({ body, params }) =>
    body.days === null
      ? `Let ${said(params.name)} go on without ever being recertified`
      : `Let ${said(params.name)} go on for ${said(body.days)} days after each recertification`,
  'agents.recertify': ({ params }) => `Recertify ${said(params.name)}: it is still wanted`,
  'agents.add_key': ({ params }) =>
    `Let whoever holds another private key act as ${said(params.name)}`,
  'agents.link_client': ({ body, params }) =>
    `Let tokens given to the client ${said(body.client_id)} of ${said(body.issuer)} count for ${said(params.name)}`,
  'agents.add_certificate_name': ({ body, params }) =>
    `Let whoever has a certificate for ${said(body.value)} act as ${said(params.name)}`,
  'agents.resume': ({ params }) => `Let the suspended agent ${said(params.name)} work again`,
  'people.resume': () => 'Let a suspended person continue',
  'groups.create': ({ body }) => `Make the group ${said(body.name)}`,
  'groups.add_member': ({ params }) => `Put a person into the group ${said(params.name)}`,
  'groups.map': ({ body }) =>
    `Put everybody into ${said(body.group)} whom ${said(body.issuer)} says is in ${said(body.value)}`,
  'providers.register': ({ body }) => `Let people sign in at ${said(body.issuer)}`,
  'resources.connect': ({ body, params }) =>
    body.connection === null
      ? `Send no credential to ${said(params.name)} any more`
      : `Send the credential ${said(body.connection)} with every call to ${said(params.name)}`,
  'resources.trust_mappings': ({ body, params }) =>
    body.trusted
      ? `Believe what the tools of ${said(params.name)} say decision points should be asked`
      : `Ignore what the tools of ${said(params.name)} say decision points should be asked`,
  'resources.set_tokens': ({ params }) => `Change what tokens for ${said(params.name)} look like`,
  'resources.resume': ({ params }) => `Let calls to ${said(params.name)} through again`,
  'resources.accept': ({ body, params }) =>
    `Accept changed definitions of ${said(params.name)}: ${countOf(body.changes, 'action')}`,
  'actions.set_risk': ({ body, params }) =>
    `Count ${said(params.action)} as ${said(body.risk)} risk`,
  'actions.set_sentence': ({ body, params }) =>
    `Show people “${said(body.sentence)}” when they approve ${said(params.action)}`,
  'actions.set_counterparty': ({ body, params }) =>
    `Take ${said(body.path)} of ${said(params.action)} for whom a call is about`,
  'actions.set_size': ({ body, params }) =>
    `Take ${said(body.path)} of ${said(params.action)} for how large a call is`,
}

function countOf(list: unknown, what: string): string {
  const count = Array.isArray(list) ? list.length : 0
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Sentences by operation. `difference.ts` has those of acts whose difference is told. */
export const SENTENCES: Readonly<Record<string, Sentence>> = {
  ...MORE_SENTENCES,
  ...OTHER_SENTENCES,
}
