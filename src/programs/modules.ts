import { A2A } from '../extensions/a2a/module.ts'
import { ANALYSIS } from '../extensions/analysis/module.ts'
import { ARCHIVE } from '../extensions/archive/module.ts'
import { AUTHZEN } from '../extensions/authzen/module.ts'
import { BACKUP } from '../extensions/backup/module.ts'
import { DECISION_POINTS } from '../extensions/decision-points/module.ts'
import { EXT_AUTHZ } from '../extensions/extauthz/module.ts'
import { GRAPHQL } from '../extensions/graphql/module.ts'
import type { Module } from '../extensions/module.ts'
import { PREVIEWS } from '../extensions/previews/module.ts'
import { PUSH } from '../extensions/push/module.ts'
import { RETENTION } from '../extensions/retention/module.ts'
import { SLACK } from '../extensions/slack/module.ts'
import { TELEMETRY } from '../extensions/telemetry/module.ts'
import { WEBHOOK_CHANNELS } from '../extensions/webhook-channels/module.ts'
import type { SettingDefinitions } from '../platform/lib/setting.ts'
import { type StorageBuild, storageBuild } from '../platform/storage/index.ts'

const LISTED = [
  A2A,
  ANALYSIS,
  ARCHIVE,
  AUTHZEN,
  BACKUP,
  DECISION_POINTS,
  EXT_AUTHZ,
  GRAPHQL,
  PREVIEWS,
  PUSH,
  RETENTION,
  SLACK,
  TELEMETRY,
  WEBHOOK_CHANNELS,
] as const

type ListedModule = (typeof LISTED)[number]

/** Operations of all modules, with their routes and types. A module that has none adds none. */
export type ModuleOperation = TypedOf<
  Awaited<ReturnType<NonNullable<ListedModule['operations']>>>[number]
>

type TypedOf<O> = O extends unknown ? ('types' extends keyof O ? O : never) : never

/** Modules that are in. */
export const MODULES: readonly Module[] = LISTED

type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never

/** Settings of all modules. */
export const MODULE_SETTINGS = settingsOf(LISTED)

function settingsOf<M extends readonly { readonly settings: SettingDefinitions }[]>(modules: M) {
  const all = Object.assign({}, ...modules.map(({ settings }) => settings))
  return all as Intersection<M[number]['settings']> // as: these were just put together
}

/** Schema of this build. */
export function buildFor(engine: 'sqlite' | 'postgres'): StorageBuild {
  return storageBuild(engine, MODULES)
}
