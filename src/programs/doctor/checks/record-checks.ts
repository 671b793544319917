import { ADMINISTRATORS } from '../../../identity/people/index.ts'
import { type Diagnosis, failed, ok, warning, worst } from '../../../platform/lib/diagnosis.ts'
import { utcMinute } from '../../../platform/lib/duration.ts'
import { DAY, NEAR_END } from '../../../platform/lib/time-units.ts'
import type { Reader } from '../../../platform/storage/index.ts'
import { isLoopback } from '../../config/settings.ts'
import type { Installation, ProductionCheck } from '../production-check.ts'

/** Age of a credential after which it is time for a new one. */
const OLD = 365 * DAY
/** Most names in a sentence. */
const MAX_NAMED = 5

/** Checks of what administrators configured. */
export const RECORD_CHECKS: readonly ProductionCheck[] = [
  {
    id: 'provider',
    page: 'identity-providers.md',
    look: async (installation) => {
      const { providerIssuer } = installation.settings
      const stored = await withRead(installation, (read) =>
        read.selectFrom('identity_providers').select('issuer').orderBy('issuer').execute(),
      )
      const issuers = [
        ...new Set([
          ...(providerIssuer ? [providerIssuer] : []),
          ...stored.map(({ issuer }) => issuer),
        ]),
      ]
      if (issuers.length === 0)
        return failed('No one can sign in.', 'Set REMIT_IDP_ISSUER and REMIT_IDP_CLIENT_ID.')
      const development = issuers.filter((issuer) => {
        const url = URL.parse(issuer)
        return url?.protocol !== 'https:' || isLoopback(url.hostname)
      })
      return development.length > 0
        ? failed(
            `A provider for development vouches for people: ${named(development)}.`,
            'Start with an empty database and a real provider; remove this one.',
          )
        : ok(`People sign in at ${named(issuers)}.`)
    },
  },
  {
    id: 'administrators',
    page: 'people.md',
    look: async (installation) => {
      const found = await withRead(installation, (read) =>
        read
          .selectFrom('memberships')
          .innerJoin('persons', 'persons.id', 'memberships.person_id')
          .select('persons.id')
          .distinct()
          .where('group_name', '=', ADMINISTRATORS)
          .where('persons.status', '=', 'active')
          .execute(),
      )
      if (found.length === 0)
        return failed(
          'There is no administrator.',
          'Sign in through the setup link that the start of the server prints.',
        )
      return found.length === 1
        ? warning('There is one administrator: no one replaces or checks them.', 'Add another one.')
        : ok(`There are ${found.length} administrators.`)
    },
  },
  { id: 'admission', page: 'clients.md', look: lookAtRules },
  {
    id: 'owners',
    page: 'agents.md',
    look: async (installation) => {
      const orphans = await withRead(installation, (read) =>
        read
          .selectFrom('agents')
          .leftJoin('persons', 'persons.id', 'agents.owner_id')
          .select('agents.id')
          .where('agents.status', '=', 'active')
          .where(({ eb, or }) =>
            or([eb('persons.status', 'is', null), eb('persons.status', '<>', 'active')]),
          )
          .orderBy('agents.id')
          .execute(),
      )
      return orphans.length > 0
        ? failed(
            `Agents without an active owner: ${named(orphans.map(({ id }) => id))}.`,
            'Give each a new owner (`remit agents owner NAME PERSON`), or suspend it.',
          )
        : ok('Every active agent has an active owner.')
    },
  },
  { id: 'expiring', page: 'machine-clients.md', look: lookAtEnds },
  { id: 'connections', page: 'operations/secrets.md', look: lookAtConnections },
  { id: 'channels', page: 'notifications.md', look: lookAtChannels },
]

async function lookAtRules(installation: Installation): Promise<Diagnosis> {
  const rules = await withRead(installation, (read) =>
    read.selectFrom('admission_rules').selectAll().orderBy('name').execute(),
  )
  const found = rules.flatMap((rule) => {
    const why = [
      ...(`${rule.redirect_hosts}${rule.document_hosts}`.includes('"*.')
        ? ['takes every host below a domain']
        : []),
      ...(rule.mode === 'dynamic' &&
      rule.redirect_hosts.includes('"localhost"') &&
      rule.software_ids === '[]'
        ? ['takes any program on anybody’s computer']
        : []),
      ...(rule.key_change === 'accept' ? ['takes new keys unseen'] : []),
      ...(rule.trust > 1 ? [`gives trust ${rule.trust} to every caller`] : []),
    ]
    return why.length === 0
      ? []
      : [
          warning(
            `Admission rule ${rule.name} ${why.join(', ')}.`,
            `Look whether that is meant: \`remit admission show ${rule.name}\`.`,
          ),
        ]
  })
  const [first] = found
  if (first && found.length > 1)
    return {
      ...first,
      message: `${first.message} So do, in some way, ${found.length - 1} other rules.`,
    }
  return worst(found, `None of ${rules.length} admission rules is open.`)
}

async function lookAtEnds(installation: Installation): Promise<Diagnosis> {
  const now = installation.clock.now()
  const [credentials, grants] = await withRead(installation, async (read) => [
    await read
      .selectFrom('client_credentials')
      .innerJoin('clients', 'clients.id', 'client_credentials.client_id')
      .select(({ fn }) => ['client_id as id', fn.max('ends_at').as('end')])
      .where('clients.removed_at', 'is', null)
      .groupBy('client_id')
      // A credential without an end is left, or none at all. Neither is worth a warning.
      .having(({ eb, fn }) => eb(fn.count('ends_at'), '=', fn.countAll()))
      .execute(),
    await read
      .selectFrom('sponsor_grants')
      .select(['id', 'expires_at as end'])
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now)
      .execute(),
  ])
  const soon = [...credentials, ...grants]
    .filter(({ end }) => Number(end) < now + NEAR_END)
    .toSorted((a, b) => Number(a.end) - Number(b.end))
  const over = soon.filter(({ end }) => Number(end) <= now)
  const list = named(soon.map(({ end, id }) => `${id} (${utcMinute(Number(end))})`))
  const fix = 'Rotate secrets with `remit clients`, renew grants with `remit sponsor-grants`.'
  if (over.length > 0) return failed(`Ended, or ends within 14 days: ${list}.`, fix)
  return soon.length > 0
    ? warning(`Ends within 14 days: ${list}.`, fix)
    : ok('No credential of a machine client and no sponsor grant ends within 14 days.')
}

async function lookAtConnections(installation: Installation): Promise<Diagnosis> {
  const now = installation.clock.now()
  const all = await withRead(installation, (read) =>
    read
      .selectFrom('connections')
      .select(({ fn }) => [
        'name',
        'expires_at as end',
        fn.coalesce('replaced_at', 'created_at').as('since'),
      ])
      .orderBy('name')
      .execute(),
  )
  const soon = all
    .flatMap(({ end, name }) => (end !== null && end < now + NEAR_END ? [{ end, name }] : []))
    .toSorted((a, b) => a.end - b.end)
  const [first] = soon
  if (first) {
    const list = named(soon.map(({ end, name }) => `${name} (${utcMinute(end)})`))
    const fix = `Get a new one at the API, then \`remit connections replace ${first.name} --expires …\`; or \`remit connections remove\` what nothing uses.`
    return first.end <= now
      ? failed(`Credentials of APIs that expired, or expire within 14 days: ${list}.`, fix)
      : warning(`Credentials of APIs that expire within 14 days: ${list}.`, fix)
  }
  const old = all.filter(({ end, since }) => end === null && since < now - OLD)
  const unknown = all.filter(({ end }) => end === null).length
  const [oldest] = old
  return oldest
    ? warning(
        `Credentials of APIs that are older than a year, with no known expiry: ${named(old.map(({ name }) => name))}.`,
        `Replace them (\`remit connections replace ${oldest.name}\`), or say when they expire (\`remit connections expiry ${oldest.name} 90d\`).`,
      )
    : ok(
        `No credential of an API is known to expire within 14 days${unknown === 0 ? '' : `; of ${unknown} the expiry is not known`}.`,
      )
}

async function lookAtChannels(installation: Installation): Promise<Diagnosis> {
  const { probes, settings, clock } = installation
  const { pushContact, slackBotToken, smtp } = settings
  const [own, lost] = await withRead(installation, async (read) => [
    await read
      .selectFrom('own_channels')
      .select('id')
      .where('confirmed_at', 'is not', null)
      .execute(),
    await read
      .selectFrom('deliveries')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', '=', 'failed')
      .where('created_at', '>', clock.now() - DAY)
      .executeTakeFirst(),
  ])
  if (smtp) {
    const { hostname, port, protocol } = new URL(smtp.reveal())
    const at = Number(port || (protocol === 'smtps:' ? 465 : 587))
    const isThere = await probes.connect(hostname, at).then(
      () => true,
      () => false,
    )
    if (!isThere)
      return failed(`The mail server ${hostname}:${at} does not answer.`, 'Check REMIT_SMTP_URL.')
  } else if (!pushContact && !slackBotToken && own.length === 0)
    return warning(
      'People are not told that something waits for them.',
      'Set REMIT_SMTP_URL, or another channel.',
    )
  const count = Number(lost?.count ?? 0)
  return count > 0
    ? warning(`${count} messages failed within a day.`, 'The log says why.')
    : ok('People are told, and no message failed within a day.')
}

async function withRead<T>(
  { database }: Installation,
  ask: (read: Reader) => Promise<T>,
): Promise<T> {
  return ask((await database()).read)
}

function named(names: readonly string[]): string {
  const more = names.length - MAX_NAMED
  return `${names.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
