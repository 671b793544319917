import { Problem } from '../../../platform/lib/problem.ts'

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
   * Headers with method, address and host, which the gateway always sets itself, so that no caller
   * can. Absent: the request to us has the method, the host, and the address behind `prefix`.
   */
  readonly told?: { readonly method: string; readonly target: string; readonly host: string }
  /** Prefix of the paths that are asked about; empty where `told` has the address. */
  readonly prefix: string
  /**
   * Header in which the gateway says if the body is here; always set or removed by itself, too.
   * Without one, a body that comes is whole.
   */
  readonly body?: string
  /** Values of it for a body that is here and whole, and where there is none. */
  readonly whole?: string
  readonly none?: string
  /** True when the gateway sends each body along, so that the request has none where none comes. */
  readonly sendsEach: boolean
  /** True when the host is told without its port. */
  readonly leavesPort: boolean
}

/** Prefix of the paths that Envoy asks about (`path_prefix`). */
const EXT_AUTHZ = '/ext-authz'
/**
 * Prefix of the addresses of gateways that promise to send each body along. INVARIANT: it is in the
 * address, because a header by which a gateway promised it could be its caller's.
 */
const BODIES = '/bodies'

const FORWARDED: Convention = {
  form: 'plain',
  told: { method: 'x-forwarded-method', target: 'x-forwarded-uri', host: 'x-forwarded-host' },
  prefix: '',
  sendsEach: false,
  leavesPort: false,
}
/** Says `none`, `whole` or anything else. */
const SAYS_BODY = { body: 'remit-body', whole: 'whole', none: 'none' } as const

const BY_PATH: Readonly<Record<string, Convention>> = {
  '/forward-auth/apisix': { ...FORWARDED, leavesPort: true },
  '/forward-auth/caddy': { ...FORWARDED, ...SAYS_BODY },
  '/forward-auth/haproxy': { ...FORWARDED, ...SAYS_BODY },
  '/forward-auth/nginx': {
    ...FORWARDED,
    form: 'nginx',
    told: { method: 'x-original-method', target: 'x-original-uri', host: 'x-original-host' },
    ...SAYS_BODY,
  },
  '/forward-auth/traefik': FORWARDED,
}
const ENVOY: Convention = {
  form: 'envoy',
  prefix: EXT_AUTHZ,
  body: 'x-envoy-auth-partial-body',
  whole: 'false',
  sendsEach: false,
  leavesPort: false,
}

/** Finds the convention of an address. @throws Problem `request.not_found` */
export function conventionOf(url: string): Convention {
  const promised = url.startsWith(`${BODIES}/`) ? BODIES : ''
  const found = conventionAt(url.slice(promised.length))
  if (!found) throw new Problem('request.not_found', 'no gateway asks at this address')
  if (promised === '') return found
  if (found.none !== undefined)
    throw new Problem('request.not_found', 'this gateway says for each request if it has a body')
  return { ...found, prefix: promised + found.prefix, sendsEach: true }
}

function conventionAt(url: string): Convention | undefined {
  if (url.startsWith(`${EXT_AUTHZ}/`)) return ENVOY
  // Some gateways append the query of what they ask about.
  const [path = ''] = url.split('?')
  return Object.hasOwn(BY_PATH, path) ? BY_PATH[path] : undefined
}

/** Statement by which a gateway of this convention says that there is no body. */
export function statementOf({ none, prefix }: Convention): string {
  if (none !== undefined) return '`Remit-Body: none`'
  return `an address that begins with \`${BODIES}/\`${prefix === '' ? '' : ' as `path_prefix`'}`
}
