import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consistencyPath, inclusionPath, type ReadTile } from './proofs.ts'
import {
  completeRoot,
  type Edge,
  edgeOf,
  grow,
  HASH_BYTES,
  KnownRoots,
  leafHash,
  nodeHash,
  rootOf,
  split,
} from './tree.ts'

/** Tiles as a store keeps them. */
class Tiles {
  readonly tiles = new Map<string, Uint8Array>()
  size = 0

  append(leaves: readonly Uint8Array[]): void {
    for (const { level, index, hashes } of grow(this.edge(this.size), this.size, leaves))
      this.tiles.set(`${level}/${index}`, hashes)
    this.size += leaves.length
  }

  edge(size: number): Edge {
    return new Map(
      edgeOf(size).map(({ level, index, width }) => [
        level,
        split(this.tiles.get(`${level}/${index}`) ?? assert.fail()).slice(0, width),
      ]),
    )
  }

  readonly read: ReadTile = async (level, index) =>
    this.tiles.get(`${level}/${index}`) ?? assert.fail(`no tile ${level}/${index}`)
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)))

/** RFC 9162 section 2.1.1, word by word. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (leaves.length === 1 && only) return only
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

/** RFC 9162 section 2.1.3.2, word by word. */
function includes(proof: readonly Uint8Array[], leaf: Uint8Array, index: number, size: number) {
  let fn = index
  let sn = size - 1
  let r = leaf
  for (const p of proof) {
    if (sn === 0) return undefined
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else r = nodeHash(r, p)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 ? r : undefined
}

/** RFC 9162 section 2.1.4.2, word by word: the roots of both trees. */
function continues(
  proof: readonly Uint8Array[],
  first: number,
  second: number,
  firstRoot: Uint8Array,
) {
  const path = [...proof]
  if (Number.isInteger(Math.log2(first))) path.unshift(firstRoot)
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  let [fr, sr] = [path[0], path[0]]
  for (const c of path.slice(1)) {
    if (sn === 0 || !fr || !sr) return undefined
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
    } else sr = nodeHash(sr, c)
    ;[fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  }
  return sn === 0 && fr && sr ? { fr, sr } : undefined
}

test('roots of the reference implementation of RFC 6962', () => {
  const inputs = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ]
  const tiles = new Tiles()
  assert.equal(
    hex(rootOf(new Map())),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  tiles.append(inputs.map((input) => leafHash(Buffer.from(input, 'hex'))))
  const roots = [1, 2, 3, 8].map((size) => hex(rootOf(tiles.edge(size))))
  assert.deepEqual(roots, [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ])
})

test('however the leaves come in, tiles and roots are the same, and those of the definition', () => {
  const leaves = leavesOf(1_500)
  const whole = new Tiles()
  whole.append(leaves)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 8 }), (batches) => {
      const tiles = new Tiles()
      for (const batch of batches) tiles.append(leaves.slice(tiles.size, tiles.size + batch))
      if (tiles.size === 0 || tiles.size > leaves.length) return
      assert.equal(hex(rootOf(tiles.edge(tiles.size))), hex(mth(leaves.slice(0, tiles.size))))
      assert.equal(hex(rootOf(whole.edge(tiles.size))), hex(rootOf(tiles.edge(tiles.size))))
      tiles.append(leaves.slice(tiles.size))
      assert.deepEqual(new Map([...tiles.tiles].sort()), new Map([...whole.tiles].sort()))
    }),
    { numRuns: 60 },
  )
})

test('a full tile has its root above it, and begins no empty one beside it', () => {
  const tiles = grow(new Map(), 0, leavesOf(512))
  const shape = tiles.map(({ level, index, hashes }) => [level, index, hashes.length / HASH_BYTES])
  assert.deepEqual(shape, [
    [0, 0, 256],
    [0, 1, 256],
    [1, 0, 2],
  ])
  const [first = assert.fail()] = tiles
  assert.equal(split(first.hashes).length, 256)
})

test('a root that is known counts for the very hashes that it was computed from', () => {
  const known = new KnownRoots()
  const [a, b, c] = leavesOf(3) as [Uint8Array, Uint8Array, Uint8Array] // as: three of them
  const root = known.rootOf('0 0 2', [a, b])
  assert.equal(hex(root), hex(nodeHash(a, b)))
  assert.equal(known.rootOf('0 0 2', [a, b]), root, 'it is not computed again')
  assert.equal(hex(known.rootOf('0 0 2', [a, c])), hex(nodeHash(a, c)))
  assert.equal(hex(known.rootOf('0 0 2', [c, b])), hex(nodeHash(c, b)))
  assert.equal(hex(known.rootOf('0 2 2', [c, b])), hex(nodeHash(c, b)))
})

test('hashes that are no power of two have no root', () => {
  for (const count of [0, 3, 5, 6])
    assert.throws(() => completeRoot(leavesOf(count)), /a complete subtree lacks a hash/)
})

test('a proof reads each tile once', async () => {
  const tiles = new Tiles()
  tiles.append(leavesOf(1_000))
  const read: string[] = []
  const counting: ReadTile = (level, index) => {
    read.push(`${level}/${index}`)
    return tiles.read(level, index)
  }
  for (const path of [inclusionPath, consistencyPath]) {
    await path(counting, 700, 1_000)
    assert.deepEqual(read, [...new Set(read)])
    read.length = 0
  }
})

test('the example of tlog-tiles: a tree of 70,000', () => {
  const tiles = new Tiles()
  const leaf = leafHash(Buffer.from('the same every time'))
  for (let left = 70_000; left > 0; left -= 1_000)
    tiles.append(Array.from({ length: 1_000 }, () => leaf))
  const widths = Map.groupBy(tiles.tiles, ([name]) => name.split('/')[0])
  const count = (level: string, width: number) =>
    widths.get(level)?.filter(([, hashes]) => hashes.length === width * HASH_BYTES).length
  assert.equal(count('0', 256), 273)
  assert.equal(count('0', 112), 1)
  assert.equal(count('1', 256), 1)
  assert.equal(count('1', 17), 1)
  assert.equal(count('2', 1), 1)
  assert.equal(tiles.tiles.size, 277)
})

test('every inclusion proof of every small tree verifies, and for no other leaf', async () => {
  const leaves = leavesOf(40)
  const tiles = new Tiles()
  tiles.append(leaves)
  for (let size = 1; size <= leaves.length; size++) {
    const root = hex(mth(leaves.slice(0, size)))
    for (let index = 0; index < size; index++) {
      const proof = await inclusionPath(tiles.read, index, size)
      const leaf = leaves[index] ?? assert.fail()
      assert.equal(hex(includes(proof, leaf, index, size) ?? assert.fail()), root)
      const other = includes(proof, leaves[(index + 1) % size] ?? assert.fail(), index, size)
      if (size > 1) assert.notEqual(hex(other ?? assert.fail()), root)
    }
  }
})

test('every consistency proof between small trees verifies', async () => {
  const leaves = leavesOf(40)
  const tiles = new Tiles()
  tiles.append(leaves)
  for (let to = 1; to <= leaves.length; to++) {
    for (let from = 1; from < to; from++) {
      const proof = await consistencyPath(tiles.read, from, to)
      const roots = continues(proof, from, to, mth(leaves.slice(0, from))) ?? assert.fail()
      assert.equal(hex(roots.fr), hex(mth(leaves.slice(0, from))))
      assert.equal(hex(roots.sr), hex(mth(leaves.slice(0, to))))
    }
  }
  assert.deepEqual(await consistencyPath(tiles.read, 7, 7), [])
})

test('proofs over several levels of tiles verify, also for sizes the tree has outgrown', async () => {
  const leaves = leavesOf(66_500)
  const tiles = new Tiles()
  for (let from = 0; from < leaves.length; from += 700) tiles.append(leaves.slice(from, from + 700))
  const rootAt = (size: number) => hex(rootOf(tiles.edge(size)))
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: leaves.length }),
      fc.nat(leaves.length - 1),
      async (size, other) => {
        const index = other % size
        const inclusion = await inclusionPath(tiles.read, index, size)
        const root = includes(inclusion, leaves[index] ?? assert.fail(), index, size)
        assert.equal(hex(root ?? assert.fail()), rootAt(size))
        const from = index + 1
        if (from === size) return
        const consistency = await consistencyPath(tiles.read, from, size)
        const roots = continues(consistency, from, size, rootOf(tiles.edge(from))) ?? assert.fail()
        assert.deepEqual([hex(roots.fr), hex(roots.sr)], [rootAt(from), rootAt(size)])
      },
    ),
    { numRuns: 300 },
  )
})
