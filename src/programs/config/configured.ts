// Parts that follow from the settings alone.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { StepUp } from '@remit/engine'
import {
  aheadOfProvider,
  readAttributeClaims,
  registerProvider,
} from '../../identity/identity-providers/index.ts'
import { EmailChannel, type NotificationParts } from '../../identity/notifications/index.ts'
import type { PasskeyRules } from '../../identity/passkeys/index.ts'
import type { PeopleParts } from '../../identity/people/index.ts'
import { GuardedSigner, SignerProgram } from '../../platform/keys/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Random } from '../../platform/lib/random.ts'
import { systemWait } from '../../platform/lib/repeat.ts'
import { outbound } from '../../platform/net/index.ts'
import { isLoopback, type Settings } from './settings.ts'

interface SignerPorts {
  readonly clock: Clock
  readonly random: Random
  readonly onError: (error: unknown) => void
}

/** Section 9.6 of the draft on metadata documents: loopback only while everything here is on loopback, and never in production. */
export function onLoopback(settings: Settings, development: boolean): (origin: string) => boolean {
  const here = development && isLoopback(new URL(settings.issuer).hostname)
  return (origin) => here && isLoopback(new URL(origin).hostname)
}

/**
 * Makes the signer that holds keys that are not here. Nothing is asked of it before something has
 * to be signed.
 */
export function signerOf(
  { signerCommand: command }: Settings,
  { clock, onError, random }: SignerPorts,
) {
  if (!command) return undefined
  const signer = new SignerProgram({ command, environment: process.env, clock, onError })
  return new GuardedSigner({ signer, random, wait: systemWait })
}

/**
 * Makes the clock of another machine: the identity provider's. Absent where there is none, or it is on this machine. Where it cannot be read,
 * for a wrong clock too (certificates are not valid then), it has no time.
 */
export function otherClockIn({ providerIssuer }: Settings, clock: Clock, reach = outbound) {
  if (!providerIssuer || isLoopback(new URL(providerIssuer).hostname)) return undefined
  const { origin } = new URL(providerIssuer)
  return async () => {
    const { close, fetch } = reach({ allowOrigins: (other) => other === origin })
    try {
      return await aheadOfProvider(providerIssuer, { clock, fetch })
    } catch {
      return undefined
    } finally {
      await close()
    }
  }
}

const HOUR = 3_600_000

/** Requirements on the sign-in of people who say yes to what widens access. */
export function stepUpIn({
  freshSignInAcrValues,
  freshSignInMinutes,
}: Settings): StepUp | undefined {
  if (freshSignInMinutes === 0 && freshSignInAcrValues.length === 0) return undefined
  const maxAgeSeconds = freshSignInMinutes === 0 ? null : freshSignInMinutes * 60
  return { acrValues: freshSignInAcrValues, maxAgeSeconds }
}

/** Acts that need a passkey, and how long a permitted new one waits. */
export function passkeysIn({
  passkeyRecoveryHours,
  passkeysFor,
}: Settings): Omit<PasskeyRules, 'operations'> {
  return { acts: new Set(passkeysFor), recoveryWaitMs: passkeyRecoveryHours * HOUR }
}

export function breakGlassIn({ breakGlassMinutes, breakGlassReviewHours }: Settings) {
  return { lifeMs: (breakGlassMinutes * HOUR) / 60, reviewMs: breakGlassReviewHours * HOUR }
}

export function freshFor({ absentPersonFreshDays, personFreshHours }: Settings) {
  return { present: personFreshHours * HOUR, absent: absentPersonFreshDays * 24 * HOUR }
}

/** The provider named in the settings is registered at every start: the configured provider is the one in force. */
export async function configuredProvider(
  settings: Settings,
  people: PeopleParts,
  development: boolean,
): Promise<void> {
  const {
    providerAcrValues,
    providerAttributes,
    providerDomains,
    providerClientId,
    providerClientSecret,
    providerGroupsClaim,
    providerIssuer,
    providerName,
    providerSignOut,
  } = settings
  if (!providerIssuer || !providerClientId) return
  await registerProvider(people, {
    issuer: providerIssuer,
    name: providerName,
    clientId: providerClientId,
    ...(providerClientSecret ? { clientSecret: providerClientSecret } : {}),
    groupsClaim: providerGroupsClaim,
    acrValues: providerAcrValues,
    attributes: readAttributeClaims(providerAttributes),
    domains: providerDomains,
    closesTasks: providerSignOut === 'sessions-and-tasks',
    allowLoopback: reachesLoopback(settings, development),
    by: 'configuration',
  })
}

/** While it is tried out, others on this computer may be trusted. */
export function reachesLoopback({ issuer }: Settings, development: boolean): boolean {
  return development || isLoopback(new URL(issuer).hostname)
}

/** Makes the channels that everybody has. */
export function channelsOf(settings: Settings): NotificationParts['channels'] {
  const { issuer, smtp } = settings
  return smtp ? [new EmailChannel(issuer, { url: smtp, from: senderIn(settings) })] : []
}

/** Sender of mail. */
export function senderIn({ issuer, mailFrom }: Settings): string {
  return mailFrom ?? `remit@${new URL(issuer).hostname}`
}

/** Certificates of a PEM file, DER. INVARIANT: a file that cannot be read starts nothing. */
export async function authoritiesIn(file: string): Promise<readonly Uint8Array[]> {
  if (file === '') return []
  const pem = await readFile(file, 'utf8')
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) throw new Problem('config.invalid', `there is no certificate in ${file}`)
  return found.map((text) => new X509Certificate(text).raw)
}
