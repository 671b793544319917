import { X509Certificate } from 'node:crypto'
import {
  type Diagnosis,
  failed,
  notApplicable,
  ok,
  unknown,
  warning,
  worst,
} from '../../../platform/lib/diagnosis.ts'
import { utcMinute } from '../../../platform/lib/duration.ts'
import { isObject, type JsonObject, parseJson } from '../../../platform/lib/json.ts'
import { NEAR_END } from '../../../platform/lib/time-units.ts'
import { authoritiesIn } from '../../config/configured.ts'
import type { Installation, ProductionCheck } from '../production-check.ts'

const DEPLOY = 'operations/deploy.md'
/** A certificate of a short life should be renewed in its last quarter. */
const LAST_PART = 1 / 4
const HTTPS = 443

/** Checks of what others see. */
export const OUTSIDE_CHECKS: readonly ProductionCheck[] = [
  { id: 'metadata', page: DEPLOY, isOutside: true, look: lookAtMetadata },
  {
    id: 'ready',
    page: 'operations/monitoring.md',
    isOutside: true,
    look: async ({ probes, settings: { issuer } }) => {
      const answer = await probes.fetch(`${issuer}/readyz`)
      if (answer.status === 200) return ok('The server is ready.')
      const body = await jsonOf(answer)
      const checks = body?.get('checks')
      const bad = (Array.isArray(checks) ? checks : []).flatMap((each) =>
        isObject(each) && each.get('ok') === false ? [String(each.get('name'))] : [],
      )
      return answer.status === 503 && bad.length > 0
        ? failed(`The server is not ready: ${bad.join(', ')}.`, 'The log says why.')
        : unknown(`${issuer}/readyz answers ${answer.status}: the proxy keeps it to itself.`)
    },
  },
  {
    id: 'gateway',
    page: DEPLOY,
    look: async ({ probes, settings: { gateway } }) => {
      // A path that no resource can have.
      const answer = await probes.fetch(`${gateway}/.well-known/oauth-protected-resource/-`)
      const code = (await jsonOf(answer))?.get('code')
      if (code === 'request.wrong_host') return wrongHost(gateway)
      return typeof code === 'string'
        ? ok(`A gateway of Remit answers at ${gateway}.`)
        : failed(
            `At ${gateway} something else answers (${answer.status}).`,
            'Forward this host to REMIT_GATEWAY_LISTEN.',
          )
    },
  },
  {
    id: 'issuer-certificate',
    page: DEPLOY,
    isOutside: true,
    look: (installation) => lookAtCertificate(installation, installation.settings.issuer),
  },
  {
    id: 'gateway-certificate',
    page: DEPLOY,
    look: (installation) => lookAtCertificate(installation, installation.settings.gateway),
  },
  { id: 'release', page: 'operations/releases.md', look: lookAtReleases },
  {
    id: 'client-authorities',
    page: 'client-certificates.md',
    look: async ({ clock, settings: { clientAuthorities } }) => {
      const found = (await authoritiesIn(clientAuthorities)).map((der) => new X509Certificate(der))
      if (found.length === 0) return notApplicable('Agents have no certificates.')
      return worst(
        found.map(({ subject, validFrom, validTo }) =>
          expiry(
            `The authority ${subject.replaceAll('\n', ', ')}`,
            [Date.parse(validFrom), Date.parse(validTo)],
            clock.now(),
          ),
        ),
        '',
      )
    },
  },
]

async function lookAtMetadata({ probes, settings: { issuer } }: Installation): Promise<Diagnosis> {
  const path = '/.well-known/oauth-authorization-server'
  const answer = await probes.fetch(`${issuer}${path}`)
  const body = await jsonOf(answer)
  if (body?.get('code') === 'request.wrong_host') return wrongHost(issuer)
  if (answer.status !== 200 || body === undefined)
    return failed(
      `${issuer}${path} answers ${answer.status}, and no metadata.`,
      'Forward this host to REMIT_LISTEN.',
    )
  return body.get('issuer') === issuer
    ? ok(`The server at ${issuer} calls itself that.`)
    : failed(
        `The server at ${issuer} calls itself ${JSON.stringify(body.get('issuer') ?? null).slice(0, 200)}.`,
        'Set REMIT_ISSUER of that server to the address that others use.',
      )
}

async function lookAtReleases({ probes, settings, version }: Installation): Promise<Diagnosis> {
  if (settings.releases === undefined)
    return notApplicable('Newer releases are not looked for (REMIT_RELEASES).')
  const answer = await probes.fetch(settings.releases)
  const newest = numbersOf(String((await jsonOf(answer))?.get('version')))
  const here = numbersOf(version)
  if (answer.status !== 200 || !newest || !here)
    return unknown(`${settings.releases} answers ${answer.status}, and no version.`)
  const at = newest.findIndex((number, i) => number !== here[i])
  return at >= 0 && Number(newest[at]) > Number(here[at])
    ? warning(
        `Version ${newest.join('.')} is out; this is ${version}.`,
        'Read what changed, and upgrade server by server.',
      )
    : ok(`No version is newer than ${version}.`)
}

/** Numbers of a release (semantic versioning); `undefined` for anything else. */
function numbersOf(version: string): readonly string[] | undefined {
  return /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(version)?.slice(1)
}

function wrongHost(origin: string): Diagnosis {
  return failed(
    `The proxy at ${origin} changes the host of requests.`,
    'Pass the Host header on as it came.',
  )
}

async function lookAtCertificate(installation: Installation, origin: string): Promise<Diagnosis> {
  const { hostname, port, protocol } = new URL(origin)
  if (protocol !== 'https:') return notApplicable(`${origin} has no TLS.`)
  const host = hostname.replace(/^\[|\]$/g, '')
  const { begins, distrust, expiresAt } = await installation.probes.certificate(
    host,
    Number(port || HTTPS),
  )
  const lasts = expiry(
    `The certificate of ${hostname}`,
    [begins, expiresAt],
    installation.clock.now(),
  )
  return distrust === undefined || lasts.status === 'error'
    ? lasts
    : failed(
        `The certificate of ${hostname} is not trusted here (${distrust}).`,
        'Use one that clients trust; for an authority of your own, set NODE_EXTRA_CA_CERTS here and at clients.',
      )
}

function expiry(whose: string, [begin, end]: readonly [number, number], now: number): Diagnosis {
  if (Number.isNaN(end)) return unknown(`${whose} does not say when it ends.`)
  const at = utcMinute(end)
  if (end <= now) return failed(`${whose} ended at ${at}.`, 'Renew it.')
  return end < now + Math.min(NEAR_END, (end - begin) * LAST_PART)
    ? warning(`${whose} ends at ${at}.`, 'See why it was not renewed.')
    : ok(`${whose} is good until ${at}.`)
}

async function jsonOf(answer: Response): Promise<JsonObject | undefined> {
  try {
    const body = parseJson(await answer.text())
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}
