const QUARTER_MS = 15 * 60_000

/** The hour of day in a time zone (IANA). No zone is offset by less than a quarter of an hour, so within one the hour stays. */
export function hoursIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' })
  let known: { readonly quarter: number; readonly hour: number } | undefined
  return (at) => {
    const quarter = Math.floor(at / QUARTER_MS)
    if (known?.quarter !== quarter) known = { quarter, hour: Number(format.format(at)) }
    return known.hour
  }
}
