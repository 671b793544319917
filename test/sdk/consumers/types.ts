// Only type-checked, by people's own settings: what the types promise, and what they refuse.
import {
  AlreadyExecuted,
  ApprovalRequired,
  CallFailed,
  ConsentRequired,
  Denied,
  type Detail,
  discover,
  openTask,
  type PendingApproval,
  RemitError,
  redeemTicket,
  type Task,
} from 'remit-sdk'
import {
  behindGateway,
  callOf,
  direct,
  protect,
  protectedResourceMetadata,
  type RemitCall,
  type UsedOnce,
} from 'remit-sdk/api'
import { createMcpFetch, createOAuthProvider } from 'remit-sdk/mcp'

const agent = { id: 'refund-bot', key: { kty: 'EC', crv: 'P-256', x: '', y: '', d: '' } }
const orders = 'https://gw.example/orders'
const details: Detail[] = [
  {
    locations: [orders],
    actions: ['orders.refund'],
    bounds: [{ path: '/amount', op: 'lte', value: '100.00' }],
  },
]

export async function work(idToken: string): Promise<string> {
  const issuer = await discover('https://remit.example', { fetch })
  await using task: Task = await openTask({
    issuer,
    agent,
    subjectToken: idToken,
    details,
    purpose: 'refund order 1042',
    budget: [{ limit: 'calls', max: 10 }],
    onApproval: async (request: PendingApproval) => {
      const until: Date = request.expiresAt
      await fetch(`https://chat.example/?text=${request.page}&until=${until.toISOString()}`)
    },
  })
  const answer: Response = await task.fetch(new URL(`${orders}/orders/1042`), {
    signal: AbortSignal.timeout(1000),
    onApproval: 'wait',
  })
  const ticket: string = await task.child({ agent: 'helper', details, purpose: 'help' })
  await using child = await redeemTicket({ issuer, agent, ticket })
  createMcpFetch(child) satisfies (url: URL, init?: RequestInit) => Promise<Response>
  return answer.text()
}

export function tell(error: unknown): string {
  if (error instanceof ApprovalRequired) return error.request.page
  if (error instanceof AlreadyExecuted) return `${error.state} ${error.upstreamStatus ?? ''}`
  if (error instanceof ConsentRequired) return error.interactionUri
  if (error instanceof Denied)
    return `${error.code} ${error.decisionId ?? ''} ${error.enough ?? ''}`
  if (error instanceof CallFailed) {
    // @ts-expect-error there are two effects
    if (error.effect === 'some') return ''
    return error.effect === 'none' ? 'again' : 'look first'
  }
  return error instanceof RemitError ? error.detail : String(error)
}

// @ts-expect-error operators are a closed set
export const like: Detail = { locations: [], actions: [], bounds: [{ path: '/a', op: 'like' }] }
// @ts-expect-error amounts are text: a number would lose digits
export const sum: Detail['bounds'] = [{ path: '/amount', op: 'lte', value: 100 }]
// @ts-expect-error an agent says who it is
openTask({ issuer: 'https://remit.example', subjectToken: 'x', purpose: 'x' }).catch(() => {})

const usedOnce: UsedOnce = { use: async (id: string, expiresAt: number) => id !== `${expiresAt}` }
export const guards = [
  behindGateway({ issuer: 'https://r.example', trustDomain: 'x', location: orders, usedOnce }),
  direct({ issuer: 'https://r.example', resource: orders, secret: 'enf_', timeoutMs: 500 }),
  // @ts-expect-error a direct API has a secret of its own
  direct({ issuer: 'https://r.example', resource: orders }),
]

const [guard] = guards
export const handler: (request: Request) => Promise<Response> | undefined = (request) =>
  guard &&
  protect(guard, { action: 'orders.read', path: '/orders/{id}' }, (inner, call: RemitCall) => {
    const who: string | undefined = call.person?.subject
    const amount: unknown = call.arguments.amount
    return Response.json({ who, amount, same: callOf(inner) === call })
  })(request)

export const metadata: object = protectedResourceMetadata({ resource: orders, issuer: 'x' })
export const provider = createOAuthProvider({
  clientName: 'Notes',
  redirectUrl: 'http://127.0.0.1:7000/callback',
  redirect: (url: URL) => void url,
})
