import type { S3Fault, S3Request } from '../../lib/sandbox/s3-server.ts'
import type { World } from './world.ts'

/** One way in which the bucket misbehaves, and when. */
export interface Strike {
  readonly operation: string
  readonly fault: S3Fault
  /** How often; always if not given. */
  readonly times?: number
  readonly key?: RegExp
  readonly partNumber?: number
  /** The archive's if not given; `bird-media` is where the links lead. */
  readonly bucket?: 'archive' | 'bird-media'
}

export interface Strikes {
  /** Requests on the archive's bucket, in their order. */
  readonly requests: readonly S3Request[]
  /** How often each of the strikes has struck. */
  readonly struck: readonly number[]
}

/** Lets the world's S3 misbehave so from now on, and in no other way; watches what it is asked meanwhile. */
export function setStrikes(world: World, ...strikes: readonly Strike[]): Strikes {
  const struck = strikes.map(() => 0)
  const requests: S3Request[] = []
  world.faults = (request) => {
    if (request.bucket === 'archive') requests.push(request)
    const index = strikes.findIndex(
      ({ operation, times = Infinity, key, partNumber, bucket = 'archive' }, at) =>
        request.bucket === bucket &&
        request.operation === operation &&
        (struck[at] ?? 0) < times &&
        (key === undefined || key.test(request.key)) &&
        (partNumber === undefined || partNumber === request.partNumber),
    )
    if (index < 0) return undefined
    struck[index] = (struck[index] ?? 0) + 1
    return strikes[index]?.fault
  }
  return { requests, struck }
}

/** The links answer without Content-Length. */
export const NO_LENGTH: Strike = {
  bucket: 'bird-media',
  operation: 'GetObject',
  fault: { kind: 'body', noLength: true },
}
