import { sql } from 'kysely'
import { Guard, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'

/** Numbers of tasks that are not closed right below one task, and in one whole tree. */
export const TREE_LIMITS = { children: 32, tree: 256 } as const

export const LINE_GUARD = new Guard('tasks above are open', [
  'task.closed',
  'a task above it is not open any more',
])
const ROOM_GUARD = new Guard('room in the tree', [
  'task.too_many_children',
  'there are as many tasks below as there may be',
])

/**
 * Holds the whole tree to the end of the transaction: acts that open, close, suspend or resume anything in it wait.
 *
 * INVARIANT: a tree changes only while its root is held. The statement writes (nothing new): on PostgreSQL a
 * serialisable transaction that waited for another one to write then starts over, and sees what that one did. A lock
 * that does not write would let it go on with what it saw before.
 */
export async function holdTrees(tx: Tx, rootIds: readonly string[]): Promise<void> {
  // In one order for everyone, so that two of them do not wait for each other.
  for (const rootId of [...new Set(rootIds)].toSorted()) await holdTree(tx, rootId).execute()
}

function holdTree(db: Reader, rootId: string) {
  return db
    .updateTable('tasks')
    .set((eb) => ({ root_id: eb.ref('root_id') }))
    .where('id', '=', rootId)
}

/**
 * The guards under which a child may begin, in this order: the tree is held, everything above is open, there is room.
 * Each is a statement of its own, and sees all commits before the tree was held.
 * Two of these are second locks. Holding the tree: the root is among those above, and the next statement writes its row too. The
 * deadline: `readParent` asked for it in the same moment.
 */
export function joinTreeSteps(
  db: Reader,
  child: { readonly rootId: string; readonly parentId: string; readonly openedAt: number },
  line: readonly string[],
): Step[] {
  const { openedAt, parentId, rootId } = child
  const above = db
    .updateTable('tasks')
    .set((eb) => ({ root_id: eb.ref('root_id') }))
    .where('id', 'in', line)
    .where('state', '=', 'open')
    .where('deadline', '>', openedAt)
  const room = holdTree(db, rootId)
    .where(living(db, 'root_id', rootId), '<', TREE_LIMITS.tree)
    .where(living(db, 'parent_id', parentId), '<', TREE_LIMITS.children)
  return [
    { guard: LINE_GUARD, query: holdTree(db, rootId), rows: 1 },
    { guard: LINE_GUARD, query: above, rows: line.length },
    { guard: ROOM_GUARD, query: room, rows: 1 },
  ]
}

/** Tells whether a child would find room now; when it begins, that is asked again. */
export async function hasRoomForChild(
  db: Reader,
  { rootId, id: parentId }: { readonly rootId: string; readonly id: string },
): Promise<boolean> {
  const counted = await db
    .selectNoFrom([
      living(db, 'root_id', rootId).as('tree'),
      living(db, 'parent_id', parentId).as('children'),
    ])
    .executeTakeFirstOrThrow()
  const { children, tree } = TREE_LIMITS
  return Number(counted.tree) < tree && Number(counted.children) < children
}

function living(db: Reader, column: 'root_id' | 'parent_id', id: string) {
  return db
    .selectFrom('tasks as living')
    .select(sql<number>`count(*)`.as('count'))
    .where(`living.${column}`, '=', id)
    .where('living.state', '!=', 'closed')
}
