import type { Detail } from '../agents/agent.ts'
import { trustInWords } from '../agents/agent.ts'
import type { Cli } from '../cli.ts'
import { bold, dim, green, red, type Text, text, yellow } from '../terminal/text.ts'

/** A trusted issuer as the management API shows it. */
export interface Issuer {
  readonly name: string
  readonly kind: 'oauth' | 'spiffe'
  readonly issuer: string
  readonly tenant: { readonly claim: string; readonly value: string } | null
  readonly state: 'active' | 'suspended' | 'revoked'
  readonly agents: number
  /** That were never here before. */
  readonly people: number
  readonly terms: Terms
  readonly created_at: string
}

/** As it can be sent back. */
export interface Terms {
  readonly keys: Readonly<Record<string, unknown>>
  readonly algorithms: readonly string[]
  readonly uses: readonly string[]
  readonly audience: string | null
  readonly subject_prefix: string | null
  readonly rules: readonly Rule[]
  readonly trust: number
  readonly ceiling: readonly Detail[] | null
  readonly most_agents: number
  readonly most_people: number
  readonly people_an_hour: number
  readonly bearer: boolean
  readonly owner: string
  readonly contact: string
  readonly expires_at: string | null
}

interface Rule {
  readonly name: string
  readonly when: readonly {
    readonly claim: string
    readonly equals?: string
    readonly prefix?: string
  }[]
  readonly agent?: string
  readonly admit?: { readonly trust: number }
}

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

function ruleLine({ admit, agent, name, when }: Rule): Text {
  const tests = when.map(({ claim, equals, prefix }) =>
    equals === undefined ? `${claim} begins with ${prefix}` : `${claim} is ${equals}`,
  )
  const gives = agent === undefined ? `agents with trust ${trustInWords(admit?.trust ?? 0)}` : agent
  return text`  ${bold(name)}: ${tests.join(' and ')} → ${gives}`
}

function keysInWords(keys: Readonly<Record<string, unknown>>): string {
  const [kind = '', at] = Object.entries(keys)[0] ?? []
  return typeof at === 'string' ? `${kind} ${at}` : kind
}
