import type { BirdFault, BirdFaults } from '../../lib/sandbox/bird-faults.ts'
import { type BirdIndex, createBirdIndex, type ListQuery } from '../../lib/sandbox/bird-index.ts'
import { readListQuery, writePageToken } from '../../lib/sandbox/bird-query.ts'
import { type BirdCall, describeRecording } from '../../lib/sandbox/bird-recording.ts'
import type { BackfillWorld } from './backfill-world.ts'

/** What a fault needs to know of Bird to answer in its place. */
export type ListedWorld = Pick<BackfillWorld, 'calls' | 'setCalls' | 'startedAt' | 'now' | 'link'>

/** A page of the list as Bird answers it; results can be anything once a fault has been at them. */
export interface ListPage {
  readonly results: readonly unknown[]
  readonly nextPageToken?: string
}

/** Answers each request for a page of the list; undefined leaves it to Bird, as it does all other requests. */
export function onList(answer: (asked: URLSearchParams) => ListPage | undefined): BirdFaults {
  return ({ operation, query }) => {
    const page = operation === 'listRecordings' && query !== undefined ? answer(query) : undefined
    return page && { kind: 'respond', status: 200, body: page }
  }
}

/** Answers all requests, of the list and others, in one way for as long as `lasts` says. */
export function whenever(lasts: () => boolean, fault: BirdFault): BirdFaults {
  return () => (lasts() ? fault : undefined)
}

/** The page that Bird would have answered with; undefined for a request that it refuses. */
export function readPage(world: ListedWorld, asked: URLSearchParams): ListPage | undefined {
  const query = readListQuery(asked)
  if ('refused' in query) return undefined
  const { calls, next } = indexOf(world.calls).list(query, world.startedAt, world.now())
  const results = calls.map((call) => describe(world, call))
  return { results, ...(next !== undefined && { nextPageToken: writePageToken(next) }) }
}

/** A page of a list that counts places instead of remembering where it was: `offset` and all that matches, newest first. */
export interface OffsetPage {
  readonly offset: number
  readonly limit: number
  readonly matching: readonly BirdCall[]
}

/** Reads a request whose token, if it has one, was made by {@link offsetToken}; undefined for one that Bird refuses. */
export function readOffsetPage(world: ListedWorld, asked: URLSearchParams): OffsetPage | undefined {
  const token = asked.get('pageToken') ?? offsetToken(0)
  const offset = Number(/^offset-(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1])
  const query = readListQuery(without(asked, 'pageToken'))
  if (Number.isNaN(offset) || 'refused' in query) return undefined
  const all: ListQuery = { ...query, limit: Infinity }
  const { calls } = indexOf(world.calls).list(all, world.startedAt, world.now())
  return { offset, limit: query.limit, matching: calls }
}

/** The answer for a place; the next page begins `overlap` places before its end. */
export function showOffsetPage(world: ListedWorld, page: OffsetPage, overlap = 0): ListPage {
  const { offset, limit, matching } = page
  const end = offset + limit
  return {
    results: matching.slice(offset, end).map((call) => describe(world, call)),
    ...(end < matching.length && { nextPageToken: offsetToken(Math.max(end - overlap, offset + 1)) }),
  }
}

/** The request less some of its parameters. */
export function without(asked: URLSearchParams, ...names: readonly string[]): URLSearchParams {
  return new URLSearchParams([...asked].filter(([name]) => !names.includes(name)))
}

function offsetToken(offset: number): string {
  return Buffer.from(`offset-${offset}`).toString('base64url')
}

function describe(world: ListedWorld, call: BirdCall): unknown {
  return describeRecording(call, world.startedAt, world.now(), (id) => world.link(id))
}

const indexes = new WeakMap<readonly BirdCall[], BirdIndex>()

function indexOf(calls: readonly BirdCall[]): BirdIndex {
  const index = indexes.get(calls) ?? createBirdIndex(calls)
  indexes.set(calls, index)
  return index
}
