import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectArchivedOnce } from '../helpers/archived.ts'
import type { Reply } from '../helpers/bird-double.ts'
import { type MediaDouble, serveAudio, startMediaDouble } from '../helpers/media-double.ts'
import { addServed, endOf, expectRefused, runServed, type Served } from '../helpers/served.ts'
import { ACCESS_KEY, type Run, startWorld, type World } from '../helpers/world.ts'

let world: World
let media: MediaDouble
/** Serves every recording as well, but is not allowed. */
let elsewhere: MediaDouble
let run: Run
let good: Served
const served = new Map<string, Served>()

/** Where Bird sends us, made from a good link; all of them answer if they are asked, as far as they are on this machine. */
const LOCATIONS: [name: string, location: (link: string, elsewhereLink: string) => string | undefined][] = [
  ['another port of the allowed host', (_, other) => other],
  ['another name of the allowed host', (link) => link.replace('127.0.0.1', 'localhost')],
  ['the allowed host as an IPv6 address', (link) => link.replace('127.0.0.1', '[::ffff:127.0.0.1]')],
  ['https where http is allowed', (link) => link.replace('http:', 'https:')],
  ['the allowed host with credentials before it', (link) => link.replace('//', '//user:passphrase@')],
  ['the allowed host as a user name', (_, other) => other.replace('//', '//127.0.0.1@')],
  ['a name that begins like the allowed host', (link) => link.replace('127.0.0.1', '127.0.0.1.example.com')],
  ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/iam/security-credentials/'],
  ['the metadata service over IPv6', () => 'http://[fd00:ec2::254]/latest/meta-data/'],
  ['the metadata service as one number', () => 'http://2852039166/latest/meta-data/'],
  ['another place on the internet', () => 'https://evil.example/recording.mp3?X-Amz-Signature=0123'],
  ['plain http at an allowed name', () => 'http://media.s3.eu-west-1.amazonaws.com/recording.mp3'],
  ['a name that ends like the allowed one', () => 'https://evil-amazonaws.com/recording.mp3'],
  ['the allowed suffix itself', () => 'https://amazonaws.com/recording.mp3'],
  ['the allowed suffix in the middle', () => 'https://s3.amazonaws.com.evil.example/recording.mp3'],
  ['an allowed name at another port', () => 'https://media.s3.eu-west-1.amazonaws.com:8443/recording.mp3'],
  ['a file', () => 'file:///etc/passwd'],
  ['a path of its own', (link) => new URL(link).pathname + new URL(link).search],
  ['a host without a scheme', (link) => link.replace('http:', '')],
  ['nowhere, with an empty Location', () => ''],
  ['nowhere, without a Location', () => undefined],
  ['nothing that is an address', () => 'http://[not an address'],
]
const REDIRECTS_AGAIN = [301, 302, 303, 307, 308]

beforeAll(async () => {
  world = await startWorld()
  media = await startMediaDouble()
  elsewhere = await startMediaDouble()
  good = await addServed(world, media, (audio) => [serveAudio(audio)])
  for (const [name, locate] of LOCATIONS) {
    const recording = await addServed(world, media, (audio) => [serveAudio(audio)])
    elsewhere.serve(recording.id, [serveAudio(recording.audio)])
    const reply = (): Reply => {
      const location = locate(media.link(recording.id), elsewhere.link(recording.id))
      return { status: 307, ...(location !== undefined && { headers: { location } }) }
    }
    world.bird.scripts.get(recording.id)?.link.splice(0, Infinity, reply)
    served.set(name, recording)
  }
  for (const status of REDIRECTS_AGAIN) {
    const recording = await addServed(world, media, () => [
      ({ id }) => ({ status, headers: { location: media.link(id) } }),
    ])
    served.set(String(status), recording)
  }
  run = await runServed(world, media, [good, ...served.values()], {
    environment: { MEDIA_ORIGINS: `${media.origin}, https://*.amazonaws.com` },
  })
})
afterAll(async () => {
  await Promise.all([media.close(), elsewhere.close()])
  await world[Symbol.asyncDispose]()
})

describe('the request for the audio', () => {
  it('carries nothing but the link: no key, no cookie, no header of AWS, nothing that says where it comes from', async () => {
    await expectArchivedOnce(world, good)
    const [request] = media.requestsOf(good.id)
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual(['accept', 'accept-encoding', 'host'])
    expect(request?.headers['accept-encoding']).toBe('identity')
    expect(JSON.stringify(media.requests)).not.toContain(ACCESS_KEY)
  })

  it('is the only one that the media server sees, although the metadata holds a link, too', () => {
    expect(media.requestsOf(good.id)).toHaveLength(1)
    const asked = world.bird.requests.filter(({ path }) => path.includes(good.id)).map(({ path }) => path)
    expect(asked.map((path) => path.replace(/.*\/recordings\//, '')).toSorted()).toEqual([
      good.id,
      `${good.id}.mp3`,
    ])
  })

  it('is the only one without the key: Bird is sent it with every request', () => {
    expect(new Set(world.bird.requests.map(({ authorization }) => authorization))).toEqual(
      new Set([`AccessKey ${ACCESS_KEY}`]),
    )
  })

  it('would be refused with 400 if it carried the key, as S3 does', async () => {
    const answer = await fetch(media.link(good.id), { headers: { authorization: `AccessKey ${ACCESS_KEY}` } })
    expect(answer.status).toBe(400)
    const fromS3 = await fetch(world.link(good.id), { headers: { authorization: `AccessKey ${ACCESS_KEY}` } })
    expect(fromS3.status).toBe(400)
  })
})

describe('a redirect', () => {
  it.for(LOCATIONS)('is not followed, and nobody is asked, when it leads to: %s', async ([name]) => {
    const { id } = served.get(name) as Served
    await expectRefused(world, run, id, 'redirect-refused')
    expect(media.requestsOf(id)).toEqual([])
    expect(elsewhere.requestsOf(id)).toEqual([])
  })

  it.for(REDIRECTS_AGAIN)('is not followed a second time: %s', async (status) => {
    const { id } = served.get(String(status)) as Served
    await expectRefused(world, run, id, 'redirect-refused', /redirects again/)
    expect(media.requestsOf(id)).toHaveLength(1)
  })

  it('that is refused is logged with its host at most', () => {
    expect(run.output).not.toMatch(/passphrase|X-Amz-|security-credentials|passwd/)
    const { id } = served.get('another place on the internet') as Served
    expect(endOf(run, id)['detail']).toContain('https://evil.example')
  })
})
