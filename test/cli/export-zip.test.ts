import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkZipPath, createZip, textOf, type ZipWriter } from '../../lib/cli/export-zip.ts'
import { isZip64, unzip } from '../helpers/unzip.ts'

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zip-'))
  path = join(directory, 'case.zip')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const AT = new Date('2026-03-01T09:00:00Z')
const begin = (more: { force?: boolean; forceZip64?: boolean } = {}): Promise<ZipWriter> =>
  createZip(path, { force: false, onLeftover: () => undefined, ...more })
const add = (zip: ZipWriter, name: string, text: string, compress = false) =>
  zip.add(name, textOf(text), { modified: AT, compress })

describe('an archive', () => {
  it.each([
    ['small', false],
    ['as what is larger than 4 GiB', true],
  ])('can be read back, written %s', async (_, forceZip64) => {
    const zip = await begin({ forceZip64 })
    const texts = new Map(
      Array.from({ length: 50 }, (_each, index) => [`recordings/${index}.mp3`, `sound ${index}`]),
    )
    for (const [name, text] of texts) await add(zip, name, text)
    expect(await add(zip, 'empty', '')).toMatchObject({ bytes: 0 })
    await add(zip, 'long', 'a'.repeat(1_000_000), true)
    expect(await readdir(directory)).toEqual(['case.zip.part'])
    const bytes = await zip.finish()
    await zip.keep()
    expect(await readdir(directory)).toEqual(['case.zip'])
    const archive = await readFile(path)
    expect(archive.length).toBe(bytes)
    expect(isZip64(archive)).toBe(forceZip64)
    const files = unzip(archive)
    expect(files.size).toBe(52)
    for (const [name, text] of texts) expect(String(files.get(name))).toBe(text)
    expect(files.get('long')?.length).toBe(1_000_000)
    expect(archive.length).toBeLessThan(30_000)
  })

  it('is none where what is added fails half-way', async () => {
    const zip = await begin()
    const broken = async function* () {
      yield Buffer.from('half')
      throw new Error('the rest is gone')
    }
    const adding = zip.add('a', broken(), { modified: AT, compress: false })
    await expect(adding).rejects.toThrow('the rest is gone')
    await zip.discard()
    expect(await readdir(directory)).toEqual([])
  })

  it('does not take the place of what has come there meanwhile', async () => {
    const zip = await begin()
    await add(zip, 'a', 'text')
    await zip.finish()
    await writeFile(path, 'another case')
    await expect(zip.keep()).rejects.toThrow('It is there already.')
    await zip.discard()
    expect(await readFile(path, 'utf8')).toBe('another case')
    expect(await readdir(directory)).toEqual(['case.zip'])
  })

  it('is not mixed with that of another export to the same file', async () => {
    const first = await begin()
    const second = await begin()
    await add(first, 'a', 'the first')
    await add(second, 'a', 'the second')
    await first.finish()
    await expect(first.keep()).rejects.toThrow('Another export')
    await first.discard()
    await second.finish()
    await second.keep()
    expect(String(unzip(await readFile(path)).get('a'))).toBe('the second')
  })
})

describe('where an archive may be written', () => {
  it.each([[''], [' '], ['some/'], ['.'], ['-']])('is not %j', async (name) => {
    await expect(checkZipPath(name, true)).rejects.toThrow('Where to?')
  })

  it.each(['', 'P', 'PK\u0003', 'PK\u0003\u0004 and more'])(
    'is where an export has left %j',
    async (text) => {
      const part = `${path}.part`
      await writeFile(part, text)
      await checkZipPath(path, false)
      const leftovers: string[] = []
      const zip = await createZip(path, { force: false, onLeftover: (left) => leftovers.push(left) })
      expect(leftovers).toEqual([part])
      await zip.discard()
      expect(await readdir(directory)).toEqual([])
    },
  )

  it.each([
    ['a text', (part: string) => writeFile(part, 'my thesis')],
    ['an archive that is none of ours', (part: string) => writeFile(part, 'PK\u0005\u0006')],
    ['a directory', (part: string) => mkdir(part)],
    ['a link', (part: string) => symlink('/dev/null', part)],
  ])('is not where %s has the name of the unfinished one, which stays', async (_, put) => {
    const part = `${path}.part`
    await put(part)
    const before = await lstat(part)
    await expect(checkZipPath(path, true)).rejects.toThrow('in the way')
    await expect(begin({ force: true })).rejects.toThrow('in the way')
    expect(await lstat(part)).toMatchObject({ ino: before.ino, size: before.size, mtimeMs: before.mtimeMs })
    expect(await readdir(directory)).toEqual(['case.zip.part'])
  })

  it('is a place that is there', async () => {
    await expect(
      createZip(join(directory, 'no', 'case.zip'), { force: false, onLeftover: () => undefined }),
    ).rejects.toThrow('cannot be written')
  })
})
