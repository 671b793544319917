import { show, spread, table } from './page.ts'
import { median, type Results, type Series } from './results.ts'
import { atConnections, MEASURES } from './way.ts'

/**
 * One row for each way to ask each program: what a request costs with 32 callers and with one, times what the first row of the same kind
 * costs, which is Remit's.
 */
export function peerTable({ series }: Results): string {
  const names = [...new Set(series.map(({ of = '' }) => of))].filter((name) => name !== '')
  const seriesOf = (name: string, measure: string): Series | undefined =>
    series.find((each) => each.of === name && each.measure === measure)
  const alone = atConnections(MEASURES.cpu, 1)
  const rows = names.map((name) => {
    const kind = kindOf(name)
    const first = names.find((each) => kindOf(each) === kind) ?? name
    const times = (measure: string) => {
      const [mine, its] = [seriesOf(name, measure), seriesOf(first, measure)]
      return mine && its ? `${show(median(mine.values) / median(its.values))} ×` : '–'
    }
    const cell = (measure: string) => {
      const found = seriesOf(name, measure)
      return found ? spread(found.values) : '–'
    }
    return [
      name,
      ...[cell(MEASURES.cpu), times(MEASURES.cpu), cell(MEASURES.rate)],
      ...[cell(alone), times(alone), cell('resident')],
    ]
  })
  return table(
    [
      'Asked',
      'Processor time of a request, 32 callers, µs',
      'times the first',
      'a second',
      'Processor time, one caller, µs',
      'times the first',
      'Resident, MiB',
    ],
    rows,
  )
}

/** Kind of request: what stands before a colon. */
function kindOf(name: string): string {
  return name.includes(': ') ? (name.split(': ')[0] ?? '') : ''
}
