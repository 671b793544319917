import { manualClock } from '../../platform/lib/clock.ts'
import type { Snapshot } from '../../platform/storage/index.ts'
import { readSettings } from '../config/settings.ts'
import { CHECKS } from './examine.ts'
import type { Probes } from './probes.ts'
import type { Installation, ServerFacts } from './production-check.ts'

/** Settings of an installation that is fit for production. */
export const GOOD_SETTINGS = {
  REMIT_ISSUER: 'https://remit.example',
  REMIT_GATEWAY: 'https://gateway.example',
  REMIT_TRUSTED_PROXIES: '10.0.0.5',
  REMIT_TRUST_DOMAIN: 'example',
  REMIT_MASTER_KEY: 'ufD2tKkDvv-9SyXJXVGcxeHdlNOQvj6XY0lhaZz0wV8',
  REMIT_IDP_ISSUER: 'https://login.example',
  REMIT_IDP_CLIENT_ID: 'remit',
  REMIT_IDP_CLIENT_SECRET: 'q9Xw-2Lm_7TzR4vK1bNs',
  REMIT_DATABASE_REPLICATION: 'required',
  REMIT_SMTP_URL: 'smtps://remit:q9Xw-2Lm_7TzR4vK1bNs@mail.example',
}

/** PostgreSQL that is fit for production. */
export const GOOD_SERVER: ServerFacts = {
  version: '17.2',
  isStandby: false,
  settings: {
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    synchronous_standby_names: 'ANY 1 (b)',
  },
  confirming: 1,
  isEncrypted: true,
  sharesProcesses: false,
  statementTimeout: 5_000,
  now: manualClock().now(),
  asked: manualClock().now(),
  answered: manualClock().now(),
}

/** Answer of a server, by path; others answer nothing. */
type Answers = Readonly<Record<string, () => Response>>

export function answering(answers: Answers): Probes['fetch'] {
  return async (url) => {
    const answer = answers[url]
    if (!answer) throw Object.assign(new Error(`hidden ${url}`), { code: 'ECONNREFUSED' })
    return answer()
  }
}

const GOOD_PROBES: Probes = {
  fetch: answering({}),
  certificate: async () => ({ begins: 0, expiresAt: manualClock().now() + 90 * 86_400_000 }),
  connect: async () => {},
  freeBytes: async () => 1e12,
  modeOf: async () => 0o100600,
  close: async () => {},
}

/** Makes one check of an installation that is good, except for the given differences. */
export async function diagnosed(
  id: string,
  change: {
    settings?: Readonly<Record<string, string>>
    probes?: Partial<Probes>
    server?: Partial<ServerFacts>
    snapshot?: Pick<Snapshot, 'read'>
    backups?: string
  } = {},
) {
  const check = CHECKS.find((each) => each.id === id)
  if (!check) throw new RangeError(`there is no check ${id}`)
  const installation: Installation = {
    settings: readSettings({ ...GOOD_SETTINGS, ...change.settings }),
    clock: manualClock(),
    probes: { ...GOOD_PROBES, ...change.probes },
    version: '0.9.1',
    backups: change.backups,
    database: async () => {
      if (!change.snapshot) throw new RangeError('no database was given')
      return change.snapshot as Snapshot // as: checks only read
    },
    postgres: async () => ({ ...GOOD_SERVER, ...change.server }),
  }
  return check.look(installation)
}
