import { Problem } from '../../lib/problem.ts'

/**
 * Convention by which a gateway tells, in a request to us, about the request that it asks about.
 */
export interface Convention {
  /**
   * Form of its answers. `envoy`: 5xx is a failure of ours; headers can be removed. `nginx`: 2xx,
   * 401 and 403 only, and no body.
   */
  readonly form: 'envoy' | 'nginx' | 'plain'
  /**
   * Headers with method and address, which the gateway always sets itself, so that no caller can.
   * Absent: the request to us has the method, and the address behind `EXT_AUTHZ`.
   */
  readonly told?: { readonly method: string; readonly target: string }
  /**
   * Header in which the gateway says if the body is here; always set or removed by itself, too.
   * Without one, a body that comes is whole.
   */
  readonly body?: string
  /** Value of it for a body that is here and whole. */
  readonly whole?: string
}

/** Prefix of the paths that Envoy asks about (`path_prefix`). */
export const EXT_AUTHZ = '/ext-authz'

const FORWARDED: Convention = {
  form: 'plain',
  told: { method: 'x-forwarded-method', target: 'x-forwarded-uri' },
}
/** Says `none`, `whole` or anything else. */
const SAYS_BODY = { body: 'remit-body', whole: 'whole' } as const

const BY_PATH: Readonly<Record<string, Convention>> = {
  '/forward-auth/apisix': FORWARDED,
  '/forward-auth/caddy': { ...FORWARDED, ...SAYS_BODY },
  '/forward-auth/haproxy': { ...FORWARDED, ...SAYS_BODY },
  '/forward-auth/nginx': {
    form: 'nginx',
    told: { method: 'x-original-method', target: 'x-original-uri' },
    ...SAYS_BODY,
  },
  '/forward-auth/traefik': FORWARDED,
}
const ENVOY: Convention = { form: 'envoy', body: 'x-envoy-auth-partial-body', whole: 'false' }

/** Finds the convention of an address. @throws Problem `request.not_found` */
export function conventionOf(url: string): Convention {
  if (url.startsWith(`${EXT_AUTHZ}/`)) return ENVOY
  // Some gateways append the query of what they ask about.
  const [path = ''] = url.split('?')
  const found = Object.hasOwn(BY_PATH, path) ? BY_PATH[path] : undefined
  if (found) return found
  throw new Problem('request.not_found', 'no gateway asks at this address')
}
