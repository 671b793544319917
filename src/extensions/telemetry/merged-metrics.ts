import type { ProcessText } from '../server-observer.ts'

/** Puts the metrics of several processes together, each sample with the number of its process. Text format of Prometheus. */
export function mergedMetrics(texts: readonly ProcessText[]): string {
  const families = new Map<string, { readonly about: Map<string, string>; samples: string[] }>()
  for (const { number, text } of texts) {
    let current: string[] = []
    for (const line of text.split('\n')) {
      const about = /^# (HELP|TYPE) (\S+)/.exec(line)
      if (about) {
        const [, kind = '', name = ''] = about
        const family = families.get(name) ?? { about: new Map(), samples: [] }
        families.set(name, family)
        if (!family.about.has(kind)) family.about.set(kind, line)
        current = family.samples
      } else if (line !== '' && !line.startsWith('#')) current.push(labelled(line, number))
    }
  }
  const lines = [...families.values()].flatMap(({ about, samples }) => [
    ...about.values(),
    ...samples,
  ])
  return `${lines.join('\n')}\n`
}

function labelled(sample: string, number: number): string {
  const name = /^[^\s{]+/.exec(sample)?.[0] ?? ''
  const rest = sample.slice(name.length)
  const label = `process="${number}"`
  return rest.startsWith('{') ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`
}
