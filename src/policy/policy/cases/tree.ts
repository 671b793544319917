/**
 * Tree of a YAML file, with the line that each part begins in (from 1). Scalars keep the text they
 * were.
 */
export type YamlTree = Texts | Items | Members | EmptyNode
export interface Texts {
  readonly is: 'text'
  readonly line: number
  readonly text: string
  /** True without quotes: numbers, `true` and `false` are what they look like. */
  readonly plain: boolean
}
export interface Items {
  readonly is: 'list'
  readonly line: number
  readonly items: readonly YamlTree[]
}
export interface Members {
  readonly is: 'map'
  readonly line: number
  readonly members: ReadonlyMap<string, YamlTree>
}
export interface EmptyNode {
  readonly is: 'nothing'
  readonly line: number
}

/** Mistake in a file of tests, and its place. */
export class BadFile extends Error {
  readonly line: number
  readonly help: string | undefined

  constructor(line: number, message: string, help?: string) {
    super(message)
    this.name = 'BadFile'
    this.line = line
    this.help = help
  }
}
