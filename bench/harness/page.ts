import type { Machine } from './machine.ts'
import { type ComparedProgram, type Finding, median, type Results, type Series } from './results.ts'

/** Writes the page of all that was measured on one day. */
export function page(all: readonly Results[]): string {
  const date = all[0]?.machine.at.slice(0, 10) ?? ''
  const intro = `# Measured on ${date}

Median of the runs, lowest to highest in brackets; what is compared ran in turns in the same minutes. How it is done and how to
repeat it: [bench](../../README.md). Every value of every run is in the JSON files beside this page.
`
  return `${intro}\n${all.map(section).join('\n')}`
}

export function section(results: Results): string {
  const { benchmark, compared, findings, machine, says, series, settings } = results
  const single = series
    .filter(({ of }) => of === undefined)
    .map(({ name, unit, values }) => [name, spread(values), unit, String(values.length)])
  return [
    `## ${benchmark}`,
    says,
    ...(compared ? [comparedTable(compared)] : []),
    ...(findings.length > 0 ? [findingsTable(findings)] : []),
    ...sideBySide(series.filter(({ of }) => of !== undefined)),
    ...(single.length > 0
      ? [table(['Measured', 'Median (lowest – highest)', 'Unit', 'Runs'], single)]
      : []),
    `Settings: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · ')}`,
    `${machineLine(machine)}\n`,
  ].join('\n\n')
}

export function findingsTable(findings: readonly Finding[]): string {
  const verdicts = findings.map(({ aim, met, name, unit, value }) => [
    name,
    `${show(value)}${unit && ` ${unit}`}`,
    aim ?? '–',
    met === undefined ? '–' : met ? 'met' : '**missed**',
  ])
  return table(['Against its aim', 'Measured', 'Aim', ''], verdicts)
}

/** Describes what the numbers were measured on, and what else it did. */
export function machineLine(machine: Machine): string {
  const { commit, cores, cpu, during, kernel, loadBefore, memoryGiB, nice, node, placement } =
    machine
  const changed = machine.changed.length
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const quiet = during
    ? `, after ${during.loadAfter}; meanwhile other programs used ${percent(during.others)} of the processor time, and the hypervisor took ${percent(during.stolen)}`
    : ''
  return `Machine: ${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, commit ${commit}${
    changed ? ` (with changes in ${changed} files)` : ''
  }, ${placement}${nice === undefined ? '' : `, at nice ${nice}`}, load average before ${loadBefore}${quiet}.`
}

/** Lists what each program is, how it was set up, and what it does not do for a request. */
export function comparedTable(compared: readonly ComparedProgram[]): string {
  return table(
    ['Program', 'Version', 'Settings', 'What it does not do for each request'],
    compared.map(({ missing, name, settings, version, without }) => [
      name,
      version,
      missing === undefined ? settings : `**not run**: ${missing}`,
      without,
    ]),
  )
}

/** One row for each thing, one column for each of its measures; a table for those whose names begin alike up to a colon. */
export function sideBySide(series: readonly Series[]): string[] {
  const groups = Map.groupBy(series, ({ of = '' }) => of.split(': ', 2)[1] && of.split(': ')[0])
  return [...groups].map(([group, members]) => {
    const columns = new Map(
      members.map(({ measure = '', unit }) => [measure, `${measure}${unit && `, ${unit}`}`]),
    )
    const rows = Map.groupBy(members, ({ of = '' }) => of)
    const cells = [...rows].map(([of, measured]) => [
      group === undefined ? of : of.slice(group.length + 2),
      ...[...columns.keys()].map((column) => {
        const found = measured.find(({ measure }) => measure === column)
        return found ? spread(found.values) : '–'
      }),
    ])
    return table([group || 'Measured', ...columns.values()], cells)
  })
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function spread(values: readonly number[]): string {
  const middle = show(median(values))
  if (values.length === 1) return middle
  return `${middle} (${show(Math.min(...values))} – ${show(Math.max(...values))})`
}

export function show(value: number): string {
  if (!Number.isFinite(value)) return 'not run'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
