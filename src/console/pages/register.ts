import type { FastifyInstance } from 'fastify'
import { acceptForms, cookiesOf } from '../../platform/http/index.ts'
import { addAllowances } from './allowance/allowance-routes.ts'
import { addApprovals } from './approval/approval-routes.ts'
import { addBatchApproval } from './approval/batch-approval.ts'
import { addAuthorize } from './authorize/authorize-routes.ts'
import { addConfirm } from './confirm-routes.ts'
import { addConsent } from './consent/consent-routes.ts'
import { addDecisions } from './decision/decision-routes.ts'
import { addDefinitions } from './definition-routes.ts'
import { addDevice } from './device-routes.ts'
import { serveAssets } from './frame/assets.ts'
import { addHome } from './home/home-routes.ts'
import { addGroupChannels, addNotifications } from './notification/notification-routes.ts'
import { addOrganization } from './organization/organization-routes.ts'
import type { PageParts } from './parts.ts'
import { addPasskeys } from './passkey/passkey-routes.ts'
import { addProviders } from './provider/provider-routes.ts'
import { addCli } from './sign-in/cli-routes.ts'
import { addSetup, addSignIn } from './sign-in/sign-in-routes.ts'
import { addSponsorGrants } from './task/sponsor-grant-routes.ts'
import { addTasks } from './task/task-routes.ts'
import { addTimeZone } from './time-zone-routes.ts'
import { deskOf, type PageRouter } from './visit.ts'

/** All pages, those of `others` too, in a scope of their own in which bodies are forms. */
export function registerPages(
  app: FastifyInstance,
  parts: PageParts,
  ...others: readonly ((desk: PageRouter, parts: PageParts) => void)[]
): void {
  app.register(async (scope) => {
    acceptForms(scope)
    serveAssets(scope)
    const cookies = cookiesOf(parts.issuer)
    addSignIn(scope, parts, cookies)
    addSetup(scope, parts, cookies)
    const desk = deskOf(scope, parts, cookies)
    addHome(desk, parts)
    addApprovals(desk, parts)
    addBatchApproval(desk, parts)
    addAllowances(desk, parts)
    addConsent(desk, parts)
    addAuthorize(desk, parts)
    addDevice(desk, parts)
    addTasks(desk, parts)
    addSponsorGrants(desk, parts)
    addDecisions(desk, parts)
    addDefinitions(desk, parts)
    addNotifications(desk, parts)
    addGroupChannels(desk, parts)
    addPasskeys(desk, parts)
    addOrganization(desk, parts)
    addProviders(desk, parts)
    addConfirm(desk, parts)
    addCli(desk, parts)
    addTimeZone(desk)
    for (const add of others) add(desk, parts)
  })
}
