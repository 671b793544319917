import { parseArgs } from 'node:util'

/** Options of a benchmark. */
export interface Options {
  /** Seconds of load for each thing that is measured, in each round. */
  readonly seconds: number
  readonly rounds: number
  /** Shows where the time goes, instead of how much it is. */
  readonly profile: boolean
  /** Text in the names of the only ways to measure. */
  readonly only: string | undefined
  /** Folders of other checkouts, which are measured in turns with this one. */
  readonly beside: readonly string[]
  /** Number of people, instead of a million. */
  readonly people: number | undefined
  /** Results are written by runs of the usual length that leave nothing out; any other is a try, which prints. */
  readonly isTry: boolean
}

/** Least number of people that says something about scale. */
const ENOUGH = 100_000

/**
 * `--seconds S --rounds R`, and of `--profile`, `--only TEXT`, `--people N` and `--beside DIR` (any number of times) what is offered.
 * @throws TypeError when anything else is given
 */
export function readOptions(
  usual: Pick<Options, 'seconds' | 'rounds'>,
  offered: readonly ('profile' | 'only' | 'people' | 'beside')[],
): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      beside: { type: 'string', multiple: true, default: [] },
      people: { type: 'string' },
      profile: { type: 'boolean', default: false },
    },
  })
  const { beside, only, people, profile, rounds, seconds } = values
  if (only !== undefined && !offered.includes('only'))
    throw new TypeError('there is nothing to choose from with --only')
  if (beside.length > 0 && !offered.includes('beside'))
    throw new TypeError('this is not measured beside another checkout')
  if (profile && !offered.includes('profile')) throw new TypeError('there is no profile of this')
  if (people !== undefined && !offered.includes('people'))
    throw new TypeError('people make no difference here')
  return {
    seconds: positive('seconds', seconds) ?? usual.seconds,
    rounds: Math.ceil(positive('rounds', rounds) ?? usual.rounds),
    profile,
    only,
    beside,
    people: people === undefined ? undefined : Math.round(Number(people)),
    isTry: [only, rounds, seconds].some((each) => each !== undefined) || Number(people) < ENOUGH,
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0 && value <= 600)) throw new TypeError(`--${name} is a number from 0 to 600`)
  return value
}
