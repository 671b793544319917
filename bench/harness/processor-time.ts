import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100 // USER_HZ, which Linux keeps fixed for what /proc shows

interface ProcessTimes {
  readonly pid: number
  readonly parent: number
  /** Seconds that it used, and with those of its children that ended. */
  readonly own: number
  readonly withEnded: number
}

/** Seconds of all processors since the machine started. */
interface MachineTimes {
  readonly all: number
  readonly busy: number
  /** Time in which the hypervisor ran somebody else though there was work here. */
  readonly stolen: number
}

/** A process and all that it started, as long as they run. */
export function processTree(root: number): readonly number[] {
  const all = everyProcess()
  const tree = [root]
  for (const pid of tree)
    tree.push(...all.filter(({ parent }) => parent === pid).map((each) => each.pid))
  return tree
}

/** Processor time of a process and all that it started, in seconds (resolution 10 ms). */
export function secondsOfTree(root: number): number {
  const tree = new Set(processTree(root))
  return everyProcess()
    .filter(({ pid }) => tree.has(pid))
    .reduce((sum, { withEnded }) => sum + withEnded, 0)
}

export function machineTimes(): MachineTimes {
  // proc(5): user, nice, system, idle, iowait, irq, softirq, steal
  const [first = ''] = readFileSync('/proc/stat', 'latin1').split('\n')
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
    first
      .split(/\s+/)
      .slice(1)
      .map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  const busy = user + nice + system + irq + softirq
  return { all: busy + idle + iowait + steal, busy, stolen: steal }
}

function everyProcess(): ProcessTimes[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      return [timesOf(Number(name))]
    } catch {
      return [] // ended meanwhile
    }
  })
}

function timesOf(pid: number): ProcessTimes {
  // The name in parentheses may contain anything but ends with the last one.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields
    .slice(11, 15)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  const own = utime + stime
  return { pid, parent: Number(fields[1]), own, withEnded: own + cutime + cstime }
}
