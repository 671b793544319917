import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { PROJECT } from './machine.ts'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly url: string
      readonly functionName: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** What `--profile` asks for: the program writes a profile when it ends, which `print` then reads. Without it, nothing. */
export function profilesWanted(): {
  readonly wanted: boolean
  readonly nodeOptions: readonly string[]
  print(): void
} {
  if (!process.argv.includes('--profile'))
    return { wanted: false, nodeOptions: [], print: () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'remit-profile-'))
  return {
    wanted: true,
    nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=200'],
    print() {
      printProfiles(folder)
      rmSync(folder, { recursive: true })
    },
  }
}

/** Where the time of each thread went: by file or package, then by function. */
function printProfiles(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile'))) {
    const profile: Profile = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    const byFile = new Map<string, number>()
    const byFunction = new Map<string, number>()
    const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
    let busy = 0
    for (const [i, id] of profile.samples.entries()) {
      const frame = nodes.get(id)
      if (!frame || frame.functionName === '(idle)') continue
      const spent = profile.timeDeltas[i] ?? 0
      busy += spent
      const file = fileOf(frame.url)
      byFile.set(file, (byFile.get(file) ?? 0) + spent)
      const what = `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`
      byFunction.set(what, (byFunction.get(what) ?? 0) + spent)
    }
    console.log(`\n${name}: ${(busy / 1000).toFixed(0)} ms busy`)
    for (const times of [byFile, byFunction]) {
      const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, 25)
      for (const [what, time] of top)
        console.log(`  ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${what}`)
      console.log()
    }
  }
}

function fileOf(url: string): string {
  if (url === '') return '(native, garbage collection)'
  const at = url.indexOf('node_modules/')
  if (at >= 0)
    return url
      .slice(at)
      .split('/')
      .slice(1, url.includes('/@') ? 3 : 2)
      .join('/')
  return url.startsWith('file://') ? relative(PROJECT, new URL(url).pathname) : url
}
