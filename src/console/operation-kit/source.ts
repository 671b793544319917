import type { Detail } from './terminal.ts'

/** Text on the command line that cannot be read; the message says what would do. */
export class UnreadableInput extends Error {}

/** Questions that readers may ask while a request is put together. */
export interface ReaderContext {
  /** Epoch milliseconds. */
  readonly now: number
  /** Id of the person of this id, e-mail address, subject or name. */
  person(wanted: string): Promise<string>
  /** RFC 3339 of `30d` from now, or of a time. */
  expires(given: string): string
  /** A limit from `calls=20/1h`. */
  limit(given: string): object
  /** Kind of a machine client. */
  clientKind(id: string): Promise<string>
  /** Id of an agent by its id, or by the address that it is known by as a client. */
  agent(wanted: string): Promise<string>
  /** Authority from the names of actions, or from a file of details. */
  authority(given: AuthorityInput): Promise<readonly Detail[]>
  /**
   * Public key (JWK) from a file, or of a pair that is made here; `undefined` where neither is named. The private half goes
   * into `out`, a new file, which is gone again when the request fails.
   */
  publicKey(file: string | undefined, out?: string): Promise<object | undefined>
  /** Content of a text file. */
  content(file: string): Promise<string>
  /** Content of a JSON file. Whether it is what the API takes is said there, where everything is read strictly. */
  json<T>(file: string): Promise<T>
  /** Text of policies in files, or directories of them. */
  policies(paths: readonly string[]): Promise<string>
  /** Credential from a file, standard input, or a question where a person can answer. */
  secret(question: string, file: string | undefined): Promise<string>
  /** Failure of a command line that cannot be meant; `next` says what to type instead, else the example of the command does. */
  usage(title: string, ...next: readonly string[]): Error
  failure(
    title: string,
    about: { code?: string; detail?: string; next?: readonly string[]; exit?: 1 | 2 },
  ): Error
}

/** Actions, or a file; one of them. */
export interface AuthorityInput {
  readonly actions: readonly string[] | undefined
  readonly file: string | undefined
}

/** Value or a list of values, as typed; `true` of an option without a value. */
type CommandLineValue = string | readonly string[] | boolean | undefined

/** One argument or option of a command. */
export interface CommandInput {
  /** `<id>`, `[description]`, `--reason <text>`, `--public`, `--allow <action...>`. */
  readonly term: string
  readonly says: string
  readonly choices?: readonly string[]
  /** An option that must be there. */
  readonly required?: boolean
  /** An option that may be given several times. */
  readonly repeats?: true
  /** Checks the typed value before anything is asked. @throws Unreadable */
  readonly check?: (typed: string) => unknown
}

/** Source of a member of a request. */
export interface Source<T> {
  readonly inputs: readonly CommandInput[]
  /** `typed`: values in the order of `inputs`. */
  read(
    typed: readonly CommandLineValue[],
    reading: ReaderContext,
  ): T | undefined | Promise<T | undefined>
}

type TypedAt<Term extends string> = Term extends `${string}...>`
  ? readonly string[]
  : Term extends `${string}<${string}` | `[${string}`
    ? string
    : boolean

type ValueReader<From, T> = (typed: From, reading: ReaderContext) => T | Promise<T>

type InputRules = Omit<CommandInput, 'term' | 'says' | 'choices' | 'repeats'> & {
  /** Value of one that was left out. */
  readonly fallback?: string
}

/** An argument or an option, sent as it was typed; or as `read` makes it. */
export function input<const Term extends string>(
  term: Term,
  says: string,
  rules?: InputRules,
): Source<TypedAt<Term>>
export function input<const Choice extends string>(
  term: string,
  says: string,
  rules: InputRules & { readonly choices: readonly Choice[] },
): Source<Choice>
export function input<const Term extends string, T>(
  term: Term,
  says: string,
  rules: InputRules & { readonly read: ValueReader<TypedAt<Term>, T> },
): Source<T>
export function input(
  term: string,
  says: string,
  { fallback, read, ...rest }: InputRules & { readonly read?: ValueReader<never, unknown> } = {},
): Source<unknown> {
  return {
    inputs: [{ term, says, ...rest }],
    // as: the command line reads it by the term
    read: ([typed = fallback], reading) =>
      typed === undefined || !read ? typed : read(typed as never, reading),
  }
}

/** Form of a typed value; `otherwise` names the right one. */
interface Look {
  readonly looks: RegExp
  readonly otherwise: string
}

function lookCheck({ looks, otherwise }: Look) {
  return (typed: string) => {
    if (!looks.test(typed)) throw new UnreadableInput(otherwise)
  }
}

/** A number that looks so. */
export function numeric(
  term: `--${string}>`,
  says: string,
  { required = false, ...look }: Look & { readonly required?: boolean },
): Source<number> {
  return input(term, says, { required, check: lookCheck(look), read: Number })
}

/** An option that may be given several times. */
export function repeated(term: string, says: string): Source<readonly string[]>
export function repeated<T>(
  term: string,
  says: string,
  rules: Look & { readonly read: (typed: string) => T },
): Source<readonly T[]>
export function repeated(
  term: string,
  says: string,
  rules?: Look & { readonly read: (typed: string) => unknown },
): Source<readonly unknown[]> {
  return {
    inputs: [{ term, says, repeats: true, ...(rules && { check: lookCheck(rules) }) }],
    read: ([typed]) =>
      Array.isArray(typed) ? typed.map((each) => rules?.read(each) ?? each) : undefined,
  }
}

/** A file whose content is sent, as JSON. */
export function jsonFile<T = unknown>(
  term: `${string}<file>`,
  says: string,
  rules: InputRules = {},
): Source<T> {
  return input(term, says, {
    ...rules,
    read: (file: string, reading: ReaderContext) => reading.json<T>(file),
  })
}

/** A member that is made of several inputs. */
export function together<const Parts extends readonly Source<unknown>[], T>(
  parts: Parts,
  read: (
    values: {
      readonly [K in keyof Parts]: Parts[K] extends Source<infer V> ? V | undefined : never
    },
    reading: ReaderContext,
  ) => T | undefined | Promise<T | undefined>,
): Source<T> {
  return {
    inputs: parts.flatMap(({ inputs }) => inputs),
    read: async (typed, reading) => {
      const values: unknown[] = []
      let at = 0
      for (const part of parts) {
        values.push(await part.read(typed.slice(at, at + part.inputs.length), reading))
        at += part.inputs.length
      }
      return read(values as Parameters<typeof read>[0], reading) // as: one value of each part
    },
  }
}

type Values<S> = {
  readonly [K in keyof S]?: S[K] extends Source<infer V> ? V | undefined : never
}

/** Values of several sources by their names. */
export function valuesOf<const S extends Readonly<Record<string, Source<unknown>>>>(
  sources: S,
): Source<Values<S>> {
  const names = Object.keys(sources)
  return together(
    Object.values(sources),
    (values) => Object.fromEntries(names.map((name, i) => [name, values[i]])) as Values<S>, // as: each of them by its name
  )
}

/** Names of inputs: `--jwt, --opaque or <url>`. */
export function inputNames(inputs: readonly CommandInput[]): string {
  const names = inputs.map(({ term }) =>
    term.startsWith('-') ? term.replace(/ .*/, '') : term.replace(/\[(.*)\]/, '<$1>'),
  )
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' or ')
}

/** A value, or `null` by an option that says there is none; one of them has to be there. */
export function orNone<T>(value: Source<T>, none: Source<boolean>): Source<T | null> {
  const inputs = [...value.inputs, ...none.inputs]
  return together([value, none], ([given, no], { usage }) => {
    if ((given === undefined) === (no === undefined)) throw usage(`Say ${inputNames(inputs)}`)
    return no ? null : given
  })
}

/** One of several options without a value, each of which stands for one; `required`: one of them has to be there. */
export function flags<const T>(
  options: Readonly<Record<`--${string}`, readonly [says: string, value: T]>>,
  required = false,
): Source<T> {
  const inputs = Object.entries(options).map(([term, [says]]) => ({ term, says }))
  return {
    inputs,
    read: (typed, { usage }) => {
      const given = Object.values(options).filter((_, i) => typed[i] === true)
      if (given.length > 1 || (required && given.length === 0))
        throw usage(`Say ${inputNames(inputs)}`)
      return given[0]?.[1]
    },
  }
}
