import type { LedgerEvent } from '../../platform/ledger/index.ts'
import type { MachineClient } from './client.ts'
import type { IssuingSettings, PepSettings } from './settings.ts'

type Facts = NonNullable<LedgerEvent['facts']>

/** Writes the part of a record that says which client it is about, and with what settings. */
export function settingsOnRecord(
  client: MachineClient,
  more: Facts = {},
): Pick<LedgerEvent, 'facts' | 'resource'> {
  const { id, kind, settings } = client
  const facts = { client: id, kind, ...more }
  switch (kind) {
    case 'enforcer':
      return { resource: settings.resource, facts }
    case 'introspector':
      return { facts: { ...facts, resources: settings.resources && [...settings.resources] } }
    case 'pep':
      return { facts: { ...facts, ...pepFacts(settings) } }
    case 'surface':
      return { facts: { ...facts, space: settings.space, silent_after_ms: settings.silentAfter } }
    default:
      return { facts }
  }
}

function pepFacts(settings: PepSettings): Facts {
  const { issuing, mode, namesTasks, policySet, properties, resources, takes } = settings
  return {
    mode,
    ...(issuing === null ? {} : { issuing: issuingFacts(issuing) }),
    policy_set: policySet,
    resources: resources && [...resources],
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function issuingFacts({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => `${type} ${id} = ${agent}`),
    audiences: audiences.map(({ id, resources }) => `${id} = ${resources.join(', ')}`),
  }
}
