import type { Action } from './resource.ts'

/** Actions by name. Those that an administrator gave a name are found by that one, too, and are there once all the same. */
export class NamedActions extends Map<string, Action> {
  readonly #given: ReadonlyMap<string, Action>

  constructor(actions: readonly Action[]) {
    super(actions.map((action) => [action.name, action]))
    this.#given = new Map(
      actions.flatMap((action) => (action.names ?? []).map((name) => [name, action])),
    )
  }

  override get(name: string): Action | undefined {
    return super.get(name) ?? this.#given.get(name)
  }

  override has(name: string): boolean {
    return super.has(name) || this.#given.has(name)
  }
}

/** The name by which people know an action: the one that an administrator gave it last, or its own. */
export function shownName({ name, names }: Pick<Action, 'name' | 'names'>): string {
  return names?.[0] ?? name
}

/** Lists the names that an administrator gave an action, without its own: it may be called by that one again. */
export function givenNames({
  name,
  names = [],
}: Partial<Pick<Action, 'name' | 'names'>>): readonly string[] {
  return names.filter((each) => each !== name)
}
