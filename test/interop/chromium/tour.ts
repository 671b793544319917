import { findRequest } from '../../../src/approvals/access-requests/index.ts'
import { breakGlass, planBreakGlass } from '../../../src/approvals/approvals/break-glass/index.ts'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { askConfirmation } from '../../../src/identity/sessions/index.ts'
import { publishPolicies } from '../../../src/policy/policy/index.ts'
import { assertRequestable } from '../../refusals.ts'
import { newKey } from '../../signing.ts'
import { send } from '../../wire.ts'
import type { PersonName } from '../../world.ts'
import type { Place } from './place.ts'

/** A page with something on it, and who looks at it. */
export interface Stop {
  /** Name of its pictures. */
  readonly name: string
  /** Its route, as the server registers it. */
  readonly route: string
  readonly person: PersonName
  readonly url: string
}

export const TOUR_SETTINGS = { REMIT_DEVICE_CODES: 'on', REMIT_PASSKEYS_FOR: 'critical' }

/** Every page that a person can open, with what usually is on it. */
export async function tourOf(place: Place): Promise<readonly Stop[]> {
  const { agent, issuer } = place
  const broken = await glassBroken(place)
  const task = await place.task()
  const read = await agent.call(task, 'GET', '/orders/orders/1042')
  const refused = await agent.call(task, 'DELETE', '/echo/things/a1')
  const refund = await place.refund(task, '900.00')
  await place.refund(task, '240.50')
  const item = JSON.stringify({
    name: 'lamp',
    owner: { id: 'asked' },
    price: 900,
    tags: ['a', 'b'],
  })
  const create = { body: item }
  const editable = assertRequestable(await agent.call(task, 'POST', '/echo/things', create))
  const stop =
    (person: PersonName) =>
    (name: string, route: string, path = route): Stop => ({
      ...{ name, route, person },
      url: path.startsWith('http') ? path : issuer + path,
    })
  const [sam, fiona, ada] = [stop('sam'), stop('fiona'), stop('ada')]
  const decisionOf = ({ headers }: typeof read) => `/decisions/${headers['remit-decision']}`
  const lists = ['waiting', 'tasks', 'agents', 'refusals', 'answers', 'break-glass']
  return [
    sam('home', '/'),
    fiona('home-approver', '/'),
    ada('home-administrator', '/'),
    fiona('approvals', '/approvals'),
    fiona('approval', '/approvals/:id', refund),
    sam('approval-own', '/approvals/:id', refund),
    fiona('approval-with-changes', '/approvals/:id', editable.page),
    fiona('approvals-together', '/approvals/:id/together', `${refund}/together`),
    sam('tasks', '/tasks'),
    sam('task', '/tasks/:id', `/tasks/${task.id}`),
    sam('decision-permitted', '/decisions/:id', decisionOf(read)),
    sam('decision-refused', '/decisions/:id', decisionOf(refused)),
    fiona('consent', '/consent/:id', await consentAsked(place)),
    sam('authorize', '/authorize/:id', await clientAsks(place)),
    fiona('notifications', '/notifications'),
    fiona('passkeys', '/passkeys'),
    fiona('stand-ins', '/stand-ins'),
    ada('stand-ins-of-everybody', '/stand-ins/all'),
    fiona('time-zone', '/time-zone'),
    fiona('device', '/device'),
    ada('command-line', '/cli', `/cli?${cliQuery()}`),
    ada('confirm', '/confirm/:id', await confirmationAsked(place)),
    ...lists.map((list) =>
      ada(`organization-${list}`, '/organization', `/organization?list=${list}`),
    ),
    ada('break-glass', '/break-glass/:id', broken),
    ada('group-channels', '/group-channels'),
    ada('definitions', '/definitions'),
    ada('providers', '/providers'),
    sam('signed-out', '/sign-out'),
  ]
}

async function consentAsked({ agent, w }: Place): Promise<string> {
  const order = { path: '/order_id', op: 'eq', value: '1042' }
  const detail = { type: 'remit_call', locations: [w.orders] }
  const details = [
    { ...detail, actions: ['orders.read'], bounds: [order] },
    {
      ...detail,
      actions: ['orders.refund'],
      bounds: [order, { path: '/amount', op: 'lte', value: '1000.00' }],
    },
  ]
  const subjectToken = await w.idToken('fiona')
  const { body } = await agent.ask({ subjectToken, details, key: await newKey() })
  return String(body.interaction_uri)
}

/** Somebody of finance approves a call alone, and an administrator has to look at it. */
async function glassBroken({ agent, w }: Place): Promise<string> {
  const { version } = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(version)
  const rule = '@id("echo-deletions-ask")'
  await publishPolicies(w.rooms.policy, {
    text: text.replace(rule, `${rule} @break_glass("group:finance")`),
    ...{ by: (await w.person('ada')).id, note: 'for emergencies' },
  })
  const task = await w.open({}, { agent })
  const { id } = assertRequestable(await agent.call(task, 'DELETE', '/echo/things/broken'))
  const reason = 'payments are down, finance is asleep'
  const person = await w.person('fiona')
  const request = await findRequest(w.rooms.decisions, id)
  if (!request) throw new Error('it was asked for')
  const planned = await planBreakGlass(w.rooms.decisions, { request, person, reason })
  const broken = await breakGlass(w.rooms.decisions, {
    ...{ requestId: id, person, reason, shown: planned.shown, authTime: w.clock.now() },
  })
  return `/break-glass/${broken.id}`
}

/** Address at which a client that registered itself asks. */
async function clientAsks({ issuer, w }: Place): Promise<string> {
  const { id: by } = await w.person('ada')
  const actions = ['orders.read', 'orders.list', 'orders.refund']
  const ceiling = [{ type: 'remit_call', locations: [w.orders], actions, bounds: [] }]
  const rule = { name: 'desktop', redirectHosts: ['localhost'], trust: 2, ceiling }
  await addAdmissionRule(w.rooms.agents, { ...rule, ownerId: by, by })
  const redirect = 'http://127.0.0.1:39949/callback'
  const { body } = await send(`${issuer}/oauth/register`, {
    method: 'POST',
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({
      ...{ client_name: 'Desktop client', redirect_uris: [redirect] },
      grant_types: ['authorization_code', 'refresh_token'],
      ...{ response_types: ['code'], token_endpoint_auth_method: 'none' },
      dpop_bound_access_tokens: true,
    }),
  })
  const asked = new URLSearchParams({
    ...{ client_id: String(body.client_id), response_type: 'code', redirect_uri: redirect },
    ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', state: 's' },
    ...{ resource: w.orders, scope: actions.join(' ') },
  })
  return `/oauth/authorize?${asked}`
}

async function confirmationAsked({ w }: Place): Promise<string> {
  const { id: personId } = await w.person('ada')
  const { version } = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(version)
  const rule = '\n@id("night") forbid (principal is Agent, action, resource);\n'
  const { id } = await askConfirmation(w.rooms.people, {
    ...{ personId, operation: 'policies.publish' },
    payloadOf: () => ({ text: text + rule, note: 'nothing at night' }),
  })
  return `/confirm/${id}`
}

function cliQuery(): URLSearchParams {
  const redirect = 'http://127.0.0.1:39950/'
  return new URLSearchParams({
    ...{ redirect_uri: redirect, code_challenge: 'c'.repeat(43), state: 'x' },
  })
}
