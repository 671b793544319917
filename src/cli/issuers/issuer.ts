import { bold, dim, green, red, type Text, text, yellow } from '../../lib/terminal/text.ts'
import { trustInWords } from '../../lib/terminal/words.ts'
import type { Cli } from '../cli.ts'
import type { AnswerOf, InputOf } from '../server/operation-types.ts'

/** A trusted issuer as the management API shows it. */
export type Issuer = AnswerOf<'GET', '/issuers/:name'>
type Terms = Issuer['terms']
export type IssuerTerms = InputOf<'PUT', '/issuers/:name/terms'>['body']

export function stateInWords({ state, terms }: Issuer): Text {
  if (state === 'revoked') return red('revoked')
  if (state === 'suspended') return yellow('suspended')
  return terms.expires_at === null
    ? green('trusted')
    : text`${green('trusted')} until ${terms.expires_at}`
}

export function showIssuer(cli: Cli, issuer: Issuer): void {
  const { terms } = issuer
  cli.answer(issuer, () => [
    text`${bold(issuer.name)}  ${issuer.issuer}`,
    ...(issuer.tenant ? [text`  only where ${issuer.tenant.claim} is ${issuer.tenant.value}`] : []),
    text`  ${stateInWords(issuer)}`,
    text`  for ${terms.uses.join(', ')}; trust at most ${trustInWords(terms.trust)}`,
    text`  keys: ${keysInWords(terms.keys)}; ${terms.algorithms.join(', ')}`,
    ...(terms.subject_prefix === null
      ? []
      : [text`  subjects that begin with ${terms.subject_prefix}`]),
    text`  agents made for its subjects: ${String(issuer.agents)} of ${String(terms.most_agents)}`,
    ...(issuer.people === 0
      ? []
      : [text`  people it brought: ${String(issuer.people)} of ${String(terms.most_people)}`]),
    ...(terms.contact === '' ? [] : [text`  contact: ${terms.contact}`]),
    ...terms.rules.map(ruleLine),
    ...(terms.rules.length === 0 && terms.uses.includes('workload')
      ? [dim('  no rules: whom it vouches for is quarantined until somebody admits it')]
      : []),
  ])
}

function ruleLine({ admit, agent, name, when }: Terms['rules'][number]): Text {
  const tests = when.map(({ claim, equals, prefix }) =>
    equals === undefined ? `${claim} begins with ${prefix}` : `${claim} is ${equals}`,
  )
  const gives = agent === undefined ? `agents with trust ${trustInWords(admit?.trust ?? 0)}` : agent
  return text`  ${bold(name)}: ${tests.join(' and ')} → ${gives}`
}

function keysInWords(keys: Terms['keys']): string {
  const [kind = '', at] = Object.entries<unknown>(keys)[0] ?? []
  return typeof at === 'string' ? `${kind} ${at}` : kind
}
