/** Files that say which version this is, with where they say it. */
const PLACES: readonly (readonly [string, RegExp])[] = [
  ['engine/package.json', /"version": "([^"]+)"/],
  ['sdk/package.json', /"version": "([^"]+)"/],
  ['verifier/package.json', /"version": "([^"]+)"/],
  ['sdk-python/pyproject.toml', /^version = "([^"]+)"$/m],
  ['deploy/helm/remit/Chart.yaml', /^version: (\S+)$/m],
  ['deploy/helm/remit/Chart.yaml', /^appVersion: "?([^"\s]+)"?$/m],
]

/** Says what is wrong with the versions. `tag`: one that is released now, with this tag. */
export function versionProblems(read: (path: string) => string, tag?: string): readonly string[] {
  const { version }: { readonly version: string } = JSON.parse(read('package.json'))
  const problems = PLACES.flatMap(([path, place]) => {
    const [, said] = place.exec(read(path)) ?? []
    return said === version ? [] : [`${path}: says ${said}, and package.json says ${version}`]
  })
  if (tag !== undefined && tag !== `v${version}`)
    problems.push(`the tag is ${tag}, and package.json says ${version}`)
  return [...problems, ...changelogProblems(read('CHANGELOG.md'), version, tag !== undefined)]
}

/**
 * Newest first: what is not released yet, at most one section of it, then each version with its date.
 * What is not released is called by the version that package.json has already, or `Unreleased`.
 */
function changelogProblems(text: string, version: string, isReleased: boolean): readonly string[] {
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading)
  const problems: string[] = []
  if (new Set(headings).size < headings.length)
    problems.push('CHANGELOG.md: a heading is there twice')
  for (const [i, heading] of headings.entries()) {
    const isOpen = heading === 'Unreleased' || heading === `${version} (not released yet)`
    if (!(isOpen && i === 0) && !/^\d+\.\d+\.\d+\S* \(\d{4}-\d\d-\d\d\)$/.test(heading))
      problems.push(
        `CHANGELOG.md: "## ${heading}" should be a version with its date, "## 1.2.3 (2027-01-31)"`,
      )
  }
  const newest = headings.find((heading) => heading !== 'Unreleased') ?? 'none'
  if (!newest.startsWith(`${version} `))
    problems.push(`CHANGELOG.md: the newest version is ${newest}, and package.json says ${version}`)
  if (isReleased && !headings[0]?.startsWith(`${version} (2`))
    problems.push(
      `CHANGELOG.md: "## ${headings[0]}" should be "## ${version}" with the date of today`,
    )
  return problems
}

/** Text of CHANGELOG about a version, without its heading. */
export function whatChanged(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m)
  const own = sections.find((section) => section.startsWith(`${version} (`)) ?? ''
  return own.slice(own.indexOf('\n') + 1).trim()
}
