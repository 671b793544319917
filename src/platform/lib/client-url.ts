import { createHash } from 'node:crypto'
import { LruCache } from './lru-cache.ts'

/** A longer one helps no reader. */
export const MAX_CLIENT_URL = 512
export type ClientUrl = `https://${string}`

const SCHEME = 'https://'
/** Maximum length of the host in an agent's id: its end is the registered domain. */
const MAX_OF_HOST = 30
/** 96 bits: no second address with the same can be found. */
const DIGEST_LENGTH = 24

/**
 * Tells whether a client id is the address of a metadata document
 * (draft-ietf-oauth-client-id-metadata-document section 3): `https`, with a path, and without user
 * name, query, fragment, dot segments. Such ids compare byte by byte.
 * INVARIANT: written in the one way in which URLs are written, so that the address that is compared, shown and
 * fetched is the same: no second spelling of the host, no port that is meant anyway, no empty
 * component.
 */
export function isClientUrl(text: unknown): text is ClientUrl {
  if (typeof text !== 'string' || text.length > MAX_CLIENT_URL) return false
  if (!text.startsWith(SCHEME) || !/^[\x21-\x7e]+$/.test(text)) return false
  if (/[?#@\\]/.test(text)) return false
  const url = URL.parse(text)
  if (!url || url.href !== text || url.hostname.endsWith('.')) return false
  if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)$/.test(url.hostname)) return false
  return url.pathname !== '/' && !url.pathname.includes('//')
}

/**
 * Tells whether an id of a client could mean a document, right or wrong: ids that we make up never
 * look like this.
 */
export function looksLikeClientUrl(clientId: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(clientId)
}

/**
 * The agent that a client is, by its OAuth client id: itself, but for the address of a document, which cannot stand in a path, a
 * policy or a file name: `doc-`, its host, and a digest of all of it.
 */
export function agentIdOf(clientId: string): string {
  if (!isClientUrl(clientId)) return clientId
  const slug = new URL(clientId).host
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-MAX_OF_HOST)
    .replaceAll(/^-+|-+$/g, '')
  const digest = createHash('sha256').update(clientId).digest('hex').slice(0, DIGEST_LENGTH)
  return `doc-${slug}-${digest}`
}

/**
 * Host of the document, which people are told and rules go by. With a port that is not the usual
 * one.
 */
export function clientHost(clientUrl: string): string {
  return new URL(clientUrl).host
}

const MAX_URLS = 1_000
const configured = new LruCache<Readonly<URL>>(MAX_URLS)

/**
 * Parses an address that is configured, or in the catalog, once: every call asks for parts of the
 * same few.
 */
export function configuredUrl(text: string): Readonly<URL> {
  return configured.get(text, '') ?? configured.put(text, '', new URL(text))
}
