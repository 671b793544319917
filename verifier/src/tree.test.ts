import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mth, plainRecords } from './testing.ts'
import { splitBundle, tilePath } from './tiles.ts'
import { Accumulator, leafHash } from './tree.ts'

/** Test data of the reference implementation of RFC 6962: leaves, and the root after each. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('roots of the reference implementation', () => {
  const tree = new Accumulator()
  assert.equal(tree.root().toString('hex'), ROOTS[0])
  for (const [i, leaf] of LEAVES.entries()) {
    tree.push(leafHash(Buffer.from(leaf, 'hex')))
    assert.equal(tree.root().toString('hex'), ROOTS[i + 1])
  }
})

test('roots of every size up to 600 are those of the definition', () => {
  const leaves = plainRecords(600).map(leafHash)
  const tree = new Accumulator()
  for (const [i, leaf] of leaves.entries()) {
    tree.push(leaf)
    if (i < 40 || i % 37 === 0) assert.deepEqual(tree.root(), mth(leaves.slice(0, i + 1)))
  }
})

test('paths are those of tlog-tiles', () => {
  assert.equal(tilePath(0, 0, 256), 'tile/0/000')
  assert.equal(tilePath(1, 273, 17), 'tile/1/273.p/17')
  assert.equal(tilePath(0, 1_234_067, 256), 'tile/0/x001/x234/067')
  assert.equal(tilePath('entries', 1_000, 1), 'tile/entries/x001/000.p/1')
})

test('a bundle is read as far as it can be', () => {
  const bundle = Buffer.from('0001610002626300', 'hex')
  assert.deepEqual(
    splitBundle(bundle.subarray(0, 7)).entries.map((each) => Buffer.from(each).toString()),
    ['a', 'bc'],
  )
  assert.equal(splitBundle(bundle.subarray(0, 7)).whole, true)
  assert.equal(splitBundle(bundle).whole, false)
  assert.equal(splitBundle(bundle.subarray(0, 6)).entries.length, 1)
})
