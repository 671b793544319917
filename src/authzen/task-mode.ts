import type { KnownPep } from '../policy/index.ts'
import type { Answering } from './answering.ts'
import type { AuthzenPorts } from './ports.ts'

export async function taskMode(_ports: AuthzenPorts, _known: KnownPep): Promise<Answering> {
  throw new Error('not yet')
}
