import type { Config } from '../config.ts'
import { judgeBird, type BirdFacts } from './bird.ts'
import { judgeBucket, type BucketFacts } from './bucket.ts'
import { judgeClock, type ServerTime } from './clock.ts'
import { type Finding, noteFor } from './finding.ts'
import { judgeQueues, type QueueFacts } from './queue.ts'

/** What is asked of the systems; each answers with facts, whatever happens, and changes nothing. */
export interface DoctorSystems {
  inspectBird(
    this: void,
    recordingId: string | undefined,
  ): Promise<{ readonly facts: BirdFacts; readonly time: ServerTime | undefined }>
  inspectBucket(this: void): Promise<{ readonly facts: BucketFacts; readonly time: ServerTime | undefined }>
  inspectQueues(this: void): Promise<Omit<QueueFacts, 'functionTimeoutSeconds'>>
}

export interface DoctorQuestions {
  /** The recording to try the key on; the first available one of the list if not given. */
  readonly recordingId: string | undefined
  readonly functionTimeoutSeconds: number | undefined
  /** AWS's region, as the environment says it. */
  readonly region: string | undefined
}

/** Looks at everything that a readable environment leads to, and judges it. Writes nothing anywhere. */
export async function examine(
  config: Config,
  systems: DoctorSystems,
  { recordingId, functionTimeoutSeconds, region }: DoctorQuestions,
): Promise<Finding[]> {
  const [bird, bucket, queues] = await Promise.all([
    systems.inspectBird(recordingId),
    systems.inspectBucket(),
    config.queues === undefined ? undefined : systems.inspectQueues(),
  ])
  return [
    noteFor('environment').ok('environment', 'every setting can be read, and none is missing'),
    ...judgeBird(bird.facts),
    ...[bird.time, bucket.time].filter((time) => time !== undefined).map(judgeClock),
    ...judgeBucket(bucket.facts, {
      name: config.bucket,
      prefix: config.prefix,
      region,
      retention: config.retention,
    }),
    ...(queues === undefined ? [] : judgeQueues({ ...queues, functionTimeoutSeconds })),
  ]
}

/** The findings of an environment that cannot be read: nothing else can be looked at then. */
export function judgeEnvironment(faults: readonly string[]): Finding[] {
  return faults.map((fault) =>
    noteFor('environment').fail(
      'environment',
      fault,
      'the function refuses to start with it',
      'docs/configuration.md lists every setting',
    ),
  )
}
