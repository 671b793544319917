import { ANALYSIS_COMMANDS } from '../extensions/analysis/commands.ts'
import { AUTHZEN_COMMANDS } from '../extensions/authzen/commands.ts'
import { BACKUP_COMMANDS } from '../extensions/backup/commands.ts'
import { DECISION_POINT_COMMANDS } from '../extensions/decision-points/commands.ts'
import type { ModuleCommand } from '../extensions/module-command.ts'
import { RETENTION_COMMANDS } from '../extensions/retention/commands.ts'

/** Commands of all modules. A command of `remit` loads this list, and not the modules: their tables take longer than most commands. */
export const MODULE_COMMANDS: readonly ModuleCommand[] = [
  ...ANALYSIS_COMMANDS,
  ...AUTHZEN_COMMANDS,
  ...BACKUP_COMMANDS,
  ...DECISION_POINT_COMMANDS,
  ...RETENTION_COMMANDS,
]
