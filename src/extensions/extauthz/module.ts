import { plainHttpMistakes, type SettingValues } from '../../platform/lib/setting.ts'
import type { Module } from '../module.ts'
import { EXT_AUTHZ_SETTINGS } from './settings.ts'

/** Gateways of others ask here: forward-auth and Envoy ext_authz, over HTTP and gRPC. */
export const EXT_AUTHZ: Module<typeof EXT_AUTHZ_SETTINGS> = {
  name: 'ext_authz',
  settings: EXT_AUTHZ_SETTINGS,
  listeners,
  contradictions: (settings) =>
    listeners(settings).flatMap(([name, at]) => plainHttpMistakes(name, at, settings)),
  async open({ settings }) {
    const { createExtAuthz } = await import('./ext-authz.ts')
    const { extAuthzListen: grpc, forwardAuthListen: http, issuer, trustDomain } = settings
    return {
      edge: ({ authenticator: clients, decisions, ledger }, web) =>
        createExtAuthz({
          ...{ ...web, http, grpc, issuer, trustDomain, clients, decisions },
          countStranger: (refused) => ledger.refusals.countStranger(refused),
        }),
    }
  },
}

function listeners(settings: SettingValues<typeof EXT_AUTHZ_SETTINGS>) {
  return [
    ['REMIT_FORWARD_AUTH_LISTEN', settings.forwardAuthListen],
    ['REMIT_EXT_AUTHZ_LISTEN', settings.extAuthzListen],
  ] as const
}
