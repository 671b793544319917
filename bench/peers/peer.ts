import type { Cores } from '../harness/machine.ts'
import type { Program } from '../harness/program.ts'
import type { Way } from '../harness/way.ts'

/** A program that runs, and what is asked of it. */
export interface RunningPeer {
  /** Ways to ask it: more than one where it has several interfaces or settings. */
  readonly ways: readonly Way[]
  /** Requests that are not counted, before any that are, where the usual number does not do. */
  readonly warmUp?: number
  stop(): Promise<void>
}

/** Something that people would take instead of Remit, or beside it, for one job. */
export interface Peer {
  readonly name: string
  readonly version: string
  /** Settings, as far as they make a difference. */
  readonly settings: string
  /** Work that Remit does for each request and this does not. */
  readonly without: string
  /** Brings it here and starts it. Throws `UnavailableSource` where this machine cannot have it. */
  start(at: StartPlace): Promise<RunningPeer>
}

export interface StartPlace {
  readonly cores: Cores
  /** Folder for its files, removed afterwards. */
  readonly home: string
}

/** Job that several programs do, measured in turns. */
export interface PeerGroup {
  /** Name of the benchmark, and of its file of results. */
  readonly name: string
  readonly says: string
  readonly peers: readonly Peer[]
}

/** Programs that answer together: what each request costs is the sum. */
export function together(programs: readonly Program[]): Program {
  return {
    pid: programs[0]?.pid ?? 0,
    cpuSeconds: () => programs.reduce((sum, program) => sum + program.cpuSeconds(), 0),
    residentMiB: () => programs.reduce((sum, program) => sum + program.residentMiB(), 0),
    stop: stopping(programs),
  }
}

/** Ends programs one after the other. */
function stopping(programs: readonly Program[]): () => Promise<void> {
  return async () => {
    for (const program of programs) await program.stop()
  }
}
