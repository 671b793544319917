import type { Detail } from '@remit/engine'

/** Public origin of the API: no gateway here listens at it, and each tells its path. */
export const PUBLIC = 'https://orders.example'
export const IDENTIFIER = `${PUBLIC}/orders`

/** The right to read orders there. */
export function ordersDetail(identifier: string): Detail {
  return { type: 'remit_call', locations: [identifier], actions: ['public.read'], bounds: [] }
}
