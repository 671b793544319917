import type { Static } from 'typebox'
import type {
  ClientCredential,
  IssuingSettings,
  MachineClient,
  PepSettings,
} from '../../clients/index.ts'
import type { ClientJson, CredentialShape, PepGiven } from '../../operations/client-schemas.ts'
import { time } from '../shapes.ts'

export function clientShape(client: MachineClient): ClientJson {
  const known = {
    id: client.id,
    created_by: client.createdBy,
    created_at: time(client.createdAt),
    last_used_at: timeOrNull(client.lastUsedAt),
    removed_at: timeOrNull(client.removedAt),
  }
  switch (client.kind) {
    case 'enforcer':
      return { ...known, kind: client.kind, settings: { resource: client.settings.resource } }
    case 'introspector':
      return { ...known, kind: client.kind, settings: listed(client.settings) }
    case 'pep':
      return { ...known, kind: client.kind, settings: pepShape(client.settings) }
    case 'signal-source':
      return { ...known, kind: client.kind, settings: {} }
    default: {
      const { silentAfter, space } = client.settings
      return { ...known, kind: client.kind, settings: { space, silent_after: silentAfter / 1000 } }
    }
  }
}

export function credentialShape(
  credential: ClientCredential,
): Static<ReturnType<typeof CredentialShape>> {
  const { createdAt, createdBy, digest, endsAt, id, kid, kind, lastUsedAt } = credential
  return {
    id,
    kind,
    kid,
    thumbprint: kind === 'key' ? digest : null,
    created_by: createdBy,
    created_at: time(createdAt),
    last_used_at: timeOrNull(lastUsedAt),
    ends_at: timeOrNull(endsAt),
  }
}

/** Reads settings of a PEP as the room takes them: what was not said is left out. */
export function pepGiven(
  given: Static<ReturnType<typeof PepGiven>> | undefined,
): Partial<PepSettings> {
  const { issuing, names_tasks, policy_set, ...rest } = given ?? {}
  return {
    ...rest,
    ...(issuing === undefined ? {} : { issuing: { parties: [], audiences: [], ...issuing } }),
    ...(policy_set === undefined ? {} : { policySet: policy_set }),
    ...(names_tasks === undefined ? {} : { namesTasks: names_tasks }),
  }
}

function pepShape(pep: PepSettings) {
  const { issuing, mode, namesTasks, policySet, properties, takes } = pep
  return {
    mode,
    policy_set: policySet,
    issuing: issuing && issuingShape(issuing),
    ...listed(pep),
    properties,
    names_tasks: namesTasks,
    takes,
  }
}

function listed({ resources }: Pick<PepSettings, 'resources'>) {
  return { resources: resources && [...resources] }
}

function issuingShape({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => ({ type, id, agent })),
    audiences: audiences.map(({ id, resources }) => ({ id, resources: [...resources] })),
  }
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : time(at)
}
