// Loaded before a server in a process of its own: from SIGUSR2 on, its clocks do not count the time for which the process was
// stopped, as those of a machine that slept (`SLEEPS=monotonic`) or of a guest that was paused (`SLEEPS=all`).

/** The event loop comes round more often; a gap that is longer was a stop. */
const GAP_MS = 2_000
const LOOK_EVERY_MS = 20

const real = { monotonic: performance.now.bind(performance), wall: Date.now }
let looked = Number.POSITIVE_INFINITY
let missed = 0

function look(): number {
  const now = real.monotonic()
  if (now - looked > GAP_MS) missed += now - looked
  if (looked !== Number.POSITIVE_INFINITY) looked = now
  return missed
}

performance.now = () => {
  const asleep = look()
  return real.monotonic() - asleep
}
if (process.env.SLEEPS === 'all') Date.now = () => Math.floor(real.wall() - look())

process.on('SIGUSR2', () => {
  looked = real.monotonic()
  setInterval(look, LOOK_EVERY_MS).unref()
  process.stdout.write('watching\n')
})
