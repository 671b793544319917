import { ground } from './0001-ground.ts'
import { breadth } from './0002-breadth.ts'
import { definitions } from './0003-definitions.ts'
import { limits } from './0004-limits.ts'
import { risk } from './0005-risk.ts'
import { spaces } from './0006-spaces.ts'
import { peps } from './0007-peps.ts'
import { recorded } from './0008-recorded.ts'
import { shadows } from './0009-shadows.ts'
import { evaluationRequests } from './0010-evaluation-requests.ts'
import { mappings } from './0011-mappings.ts'
import { issuingServers } from './0012-issuing-servers.ts'
import { answers } from './0013-answers.ts'
import { issuers } from './0016-issuers.ts'
import { descriptions } from './0017-descriptions.ts'
import { tokenForms } from './0018-token-forms.ts'
import { deferrals } from './0019-deferrals.ts'
import { signOuts } from './0020-sign-outs.ts'
import { assertions } from './0021-assertions.ts'
import { lifecycle } from './0022-lifecycle.ts'
import { lastingKeys } from './0024-lasting-keys.ts'
import { scale } from './0025-scale.ts'
import { actors } from './0026-actors.ts'
import { certificateNames } from './0029-certificate-names.ts'
import { proofs } from './0030-proofs.ts'
import { certifiedAgents } from './0031-certified-agents.ts'
import { datedAgents } from './0032-dated-agents.ts'
import { askedPeople } from './0038-asked-people.ts'
import { askedAgents } from './0042-asked-agents.ts'
import { confirmedSecrets } from './0044-confirmed-secrets.ts'
import { recordedTime } from './0045-recorded-time.ts'
import { presumedOutcomes } from './0047-presumed-outcomes.ts'
import { ledgerBreaks } from './0048-ledger-breaks.ts'
import { refreshTokens } from './0050-refresh-tokens.ts'
import type { Migration } from './migration.ts'

/** Every migration, oldest first. Add at the end; never change or remove one that was released. */
export const MIGRATIONS: readonly Migration[] = [
  ground,
  breadth,
  definitions,
  limits,
  risk,
  spaces,
  peps,
  recorded,
  shadows,
  evaluationRequests,
  mappings,
  issuingServers,
  answers,
  issuers,
  descriptions,
  tokenForms,
  deferrals,
  signOuts,
  assertions,
  lifecycle,
  lastingKeys,
  scale,
  actors,
  certificateNames,
  proofs,
  certifiedAgents,
  datedAgents,
  askedPeople,
  askedAgents,
  confirmedSecrets,
  recordedTime,
  presumedOutcomes,
  ledgerBreaks,
  refreshTokens,
]
