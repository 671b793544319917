import type { Static } from 'typebox'
import type {
  ClientCredential,
  IssuingSettings,
  MachineClient,
  PepSettings,
} from '../../../identity/machine-clients/index.ts'
import {
  type ClientJson,
  CredentialShape,
  type PepGiven,
} from '../../api-operations/clients/schemas.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { fromJson, toJson } from '../json.ts'
import { time } from '../shapes.ts'

const CREDENTIAL = CredentialShape(kit)

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
  const { digest, kind } = credential
  return toJson(CREDENTIAL, credential, { thumbprint: kind === 'key' ? digest : null })
}

/** Reads settings of a PEP as the room takes them: omitted settings stay omitted. */
export function pepGiven(
  given: Static<ReturnType<typeof PepGiven>> | undefined,
): Partial<PepSettings> {
  const { issuing, ...rest } = given ?? {}
  return {
    ...fromJson(rest),
    ...(issuing === undefined ? {} : { issuing: { parties: [], audiences: [], ...issuing } }),
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
