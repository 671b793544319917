import { cutSegment, type TemplateSegment, templateShape } from '@remit/engine'

interface Route {
  readonly path: string
  readonly shape: string
  readonly segments: readonly TemplateSegment[]
}

/** The path templates of a document, for those that could be taken for each other. */
export class Routes {
  /** Routes by method and shape; routes with literals inside of a segment, by method and length. */
  readonly #first = new Map<string, Route>()
  readonly #byLength = new Map<string, Route[]>()

  add(method: string, path: string, segments: readonly TemplateSegment[]): void {
    const route = { path, segments, shape: templateShape(segments) }
    const key = `${method} ${route.shape}`
    if (this.#first.has(key)) return
    this.#first.set(key, route)
    const length = `${method} ${segments.length}`
    this.#byLength.set(length, [...(this.#byLength.get(length) ?? []), route])
  }

  /**
   * Finds another template that could match the same requests. A literal wins over a parameter
   * everywhere (OpenAPI, "Paths Object"); about `{x}.json` beside `{x}` servers disagree, so the
   * first of them is left out.
   */
  rivalOf(method: string, path: string, segments: readonly TemplateSegment[]): string | undefined {
    const shape = templateShape(segments)
    const first = this.#first.get(`${method} ${shape}`)
    if (first && first.path !== path) return first.path
    if (!segments.some((each) => 'mixed' in each)) return undefined
    const others = this.#byLength.get(`${method} ${segments.length}`) ?? []
    return others.find((other) => other.shape !== shape && overlap(other.segments, segments))?.path
  }
}

function overlap(a: readonly TemplateSegment[], b: readonly TemplateSegment[]): boolean {
  return a.every((segment, i) => {
    const other = b[i]
    return other !== undefined && couldBeSame(segment, other)
  })
}

function couldBeSame(a: TemplateSegment, b: TemplateSegment): boolean {
  if ('literal' in a) return fits(a.literal, b)
  return 'literal' in b ? fits(b.literal, a) : true
}

function fits(literal: string, segment: TemplateSegment): boolean {
  if ('literal' in segment) return segment.literal === literal
  return 'parameter' in segment || cutSegment(literal, segment.mixed) !== undefined
}
