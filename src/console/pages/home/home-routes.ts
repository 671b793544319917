import { reviewsFor } from '../../../approvals/approvals/break-glass/index.ts'
import { listNotices } from '../../../calls/calls/index.ts'
import { listAgents } from '../../../identity/agents/index.ts'
import { listProviders } from '../../../identity/identity-providers/index.ts'
import { NEAR_END } from '../../../platform/lib/time-units.ts'
import { latestSet } from '../../../policy/policy/index.ts'
import { pendingConsents } from '../../../tasks/consent/index.ts'
import { listDecisions } from '../../../tasks/decision-log/index.ts'
import { itemOf as breakGlassItem } from '../approval/break-glass-routes.ts'
import { firstRequests } from '../approval/request-lists.ts'
import { decisionItems } from '../decision/decision-routes.ts'
import { waitingDefinitions } from '../definition-routes.ts'
import { titlesIn } from '../frame/authority.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { sponsorGrantsOf } from '../task/sponsor-grant-routes.ts'
import { runningTasks } from '../task/task-routes.ts'
import type { PageRouter, Visit } from '../visit.ts'
import { type HomeView, homePage, type RecertifyItem, type SetupStep } from './home-page.ts'

const RECENT = 10
const MAX_LOOKED_AT = 1000

export function addHome(desk: PageRouter, parts: Pick<PageParts, 'decisions' | 'people'>): void {
  desk.get('/', async (visit) => homePage(await viewOf(parts, visit)))
}

async function viewOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { visitor, now }: Visit,
): Promise<HomeView> {
  const { read } = parts.decisions.storage
  const names = new Names(parts)
  const personId = visitor.person.id
  const consents = await pendingConsents(read, personId, now)
  const catalog = await parts.decisions.catalog.current()
  const decisions = await listDecisions(read, { personId, limit: RECENT })
  return {
    now,
    viewer: visitor.viewer,
    waiting: await firstRequests(parts, visitor),
    consents: await Promise.all(
      consents.map(async ({ id, agentId, purpose, expiresAt }) => ({
        id,
        purpose,
        expiresAt,
        agent: await names.agent(agentId),
      })),
    ),
    running: await runningTasks(parts, personId),
    sponsored: await sponsorGrantsOf(parts, visitor),
    titleOf: titlesIn(catalog),
    decisions: await decisionItems(parts, decisions),
    notices: await Promise.all(
      (await listNotices(read, visitor.person, RECENT)).map(async ({ agentId, at, text }) => ({
        text,
        at,
        agent: await names.agent(agentId),
      })),
    ),
    reviews: await Promise.all(
      (await reviewsFor(parts.decisions, visitor.person)).map((each) =>
        breakGlassItem(each, names),
      ),
    ),
    recertify: await agentsToRecertify(parts, personId, now),
    setup: visitor.administrator ? await setupSteps(parts) : [],
    definitions: visitor.administrator ? await waitingDefinitions(parts) : 0,
  }
}

async function setupSteps(parts: Pick<PageParts, 'decisions' | 'people'>): Promise<SetupStep[]> {
  const { read } = parts.decisions.storage
  const catalog = await parts.decisions.catalog.current()
  return [
    {
      done: (await listProviders(parts.people)).length > 0,
      title: 'Identity provider',
      text: 'Where people sign in. Set these variables for the server.',
      command: 'REMIT_IDP_ISSUER=… REMIT_IDP_CLIENT_ID=… REMIT_IDP_CLIENT_SECRET=…',
    },
    {
      done: catalog.resources.size > 0,
      title: 'Protect an API',
      text: 'Import its OpenAPI description. Each operation becomes an action that policies can name.',
      command:
        'remit resources import billing --openapi billing.yaml --upstream http://127.0.0.1:9000',
    },
    {
      done: (await latestSet(read)) !== undefined,
      title: 'Publish policies',
      text: 'Nothing is permitted until a policy permits it.',
      command: 'remit policy publish ./policies --note "first rules"',
    },
    {
      done: (await listAgents(read, { limit: 1 })).length > 0,
      title: 'Register an agent',
      text: 'With its public key, an owner, and the most it may ever do.',
      command:
        'remit agents add invoice-bot --trust 3 --ceiling billing.invoices.read --key-out invoice-bot.jwk',
    },
  ]
}

/** Agents of a person whose date is near or past, the most urgent first. */
async function agentsToRecertify(
  parts: Pick<PageParts, 'decisions'>,
  ownerId: string,
  now: number,
): Promise<RecertifyItem[]> {
  const { read } = parts.decisions.storage
  const owned = await listAgents(read, { ownerId, limit: MAX_LOOKED_AT })
  return owned
    .flatMap(({ certification, id, status, suspendedFor }) =>
      certification && status !== 'retired' && certification.until <= now + NEAR_END
        ? [{ id, until: certification.until, stopped: suspendedFor === 'uncertified' }]
        : [],
    )
    .toSorted((a, b) => a.until - b.until)
}
