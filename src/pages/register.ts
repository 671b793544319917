import type { FastifyInstance } from 'fastify'
import { acceptForms, cookiesOf } from '../http/index.ts'
import { addAllowances } from './allowance/allowance-routes.ts'
import { addApprovals } from './approval/approval-routes.ts'
import { addAuthorize } from './authorize/authorize-routes.ts'
import { addConfirm } from './confirm-routes.ts'
import { addConsent } from './consent/consent-routes.ts'
import { addDecisions } from './decision/decision-routes.ts'
import { addDefinitions } from './definition-routes.ts'
import { addDevice } from './device-routes.ts'
import { serveAssets } from './frame/assets.ts'
import { addHome } from './home/home-routes.ts'
import { addNotifications } from './notification/notification-routes.ts'
import type { PageParts } from './parts.ts'
import { addProviders } from './provider/provider-routes.ts'
import { addCli } from './sign-in/cli-routes.ts'
import { addSetup, addSignIn } from './sign-in/sign-in-routes.ts'
import { addSponsorGrants } from './task/sponsor-grant-routes.ts'
import { addTasks } from './task/task-routes.ts'
import { deskOf } from './visit.ts'

/** All pages, in a scope of their own in which bodies are forms. */
export function registerPages(app: FastifyInstance, parts: PageParts): void {
  app.register(async (scope) => {
    acceptForms(scope)
    serveAssets(scope)
    const cookies = cookiesOf(parts.issuer)
    addSignIn(scope, parts, cookies)
    addSetup(scope, parts, cookies)
    const desk = deskOf(scope, parts, cookies)
    addHome(desk, parts)
    addApprovals(desk, parts)
    addAllowances(desk, parts)
    addConsent(desk, parts)
    addAuthorize(desk, parts)
    addDevice(desk, parts)
    addTasks(desk, parts)
    addSponsorGrants(desk, parts)
    addDecisions(desk, parts)
    addDefinitions(desk, parts)
    addNotifications(desk, parts)
    addProviders(desk, parts)
    addConfirm(desk, parts)
    addCli(desk, parts)
  })
}
