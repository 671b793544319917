import type { IncomingMessage } from 'node:http'
import type { Cookies } from '../../platform/http/index.ts'
import { NO_SETTINGS } from './frame/document.ts'
import type { ReaderSettings } from './frame/time.ts'

let zones: ReadonlySet<string> | undefined

/** Names of IANA, as the engine knows them. */
export function timeZones(): ReadonlySet<string> {
  zones ??= new Set(['UTC', ...Intl.supportedValuesOf('timeZone')])
  return zones
}

const LOCALE = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}(?=$|[,;])/

/** Settings of a browser: the zone that was chosen there, and the first language that it asks for. */
export function readerSettings(cookies: Cookies, request: IncomingMessage): ReaderSettings {
  // A cookie's value has no slash.
  const zone = cookies.read(request, 'zone')?.replaceAll('~', '/') ?? ''
  const [wanted = ''] = LOCALE.exec(request.headers['accept-language'] ?? '') ?? []
  return {
    zone: timeZones().has(zone) ? zone : NO_SETTINGS.zone,
    locale: isLocale(wanted) ? wanted : NO_SETTINGS.locale,
  }
}

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false // RangeError: no tag of BCP 47
  }
}
