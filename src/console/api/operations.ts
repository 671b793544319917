import { ADMISSION_OPERATIONS } from './admission.ts'
import { AGENT_OPERATIONS } from './agents/agents.ts'
import { CHANNEL_OPERATIONS } from './channels.ts'
import { CLIENT_OPERATIONS } from './clients/clients.ts'
import { CONNECTION_OPERATIONS } from './connections.ts'
import { EVERYTHING_OPERATIONS } from './everything.ts'
import { ISSUER_OPERATIONS } from './issuers.ts'
import { KEY_OPERATIONS } from './keys.ts'
import { LEDGER_OPERATIONS } from './ledger.ts'
import { LIMIT_OPERATIONS } from './limits.ts'
import { PEOPLE_OPERATIONS } from './people.ts'
import { CHECK_OPERATIONS } from './policies/checks.ts'
import { POLICY_OPERATIONS } from './policies/policies.ts'
import { RESOURCE_OPERATIONS } from './resources/resources.ts'
import { RISK_OPERATIONS } from './risk/risk.ts'
import { SESSION_OPERATIONS } from './session.ts'
import { SPACE_OPERATIONS } from './spaces.ts'
import { STAND_IN_OPERATIONS } from './stand-ins.ts'
import { ALLOWANCE_OPERATIONS } from './tasks/allowances.ts'
import { BASIS_OPERATIONS } from './tasks/bases.ts'
import { BREAK_GLASS_OPERATIONS } from './tasks/break-glass.ts'
import { REQUEST_OPERATIONS } from './tasks/requests.ts'
import { SPONSOR_GRANT_OPERATIONS } from './tasks/sponsor-grants.ts'
import { TASK_OPERATIONS } from './tasks/tasks.ts'

/** Operations of the centre, with their routes and types. */
export const OPERATIONS = [
  ...SESSION_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...AGENT_OPERATIONS,
  ...ADMISSION_OPERATIONS,
  ...ISSUER_OPERATIONS,
  ...RESOURCE_OPERATIONS,
  ...CONNECTION_OPERATIONS,
  ...RISK_OPERATIONS,
  ...SPACE_OPERATIONS,
  ...EVERYTHING_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...CHECK_OPERATIONS,
  ...CLIENT_OPERATIONS,
  ...TASK_OPERATIONS,
  ...REQUEST_OPERATIONS,
  ...BREAK_GLASS_OPERATIONS,
  ...CHANNEL_OPERATIONS,
  ...STAND_IN_OPERATIONS,
  ...BASIS_OPERATIONS,
  ...SPONSOR_GRANT_OPERATIONS,
  ...ALLOWANCE_OPERATIONS,
  ...LIMIT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...LEDGER_OPERATIONS,
]
