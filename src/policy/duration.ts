const MAX_SECONDS = 24 * 60 * 60

/** ISO 8601 durations of days and below; `undefined` for none, zero, or more than a day. */
export function secondsOf(duration: string): number | undefined {
  const match =
    /^P(?=.)(?:(\d{1,2})D)?(?:T(?=.)(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?$/.exec(duration)
  if (!match) return undefined
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0))
  const total = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
  return total > 0 && total <= MAX_SECONDS ? total : undefined
}
