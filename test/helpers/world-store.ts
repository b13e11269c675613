import { type S3Faults, type S3Server, startS3Server } from '../../lib/sandbox/s3-server.ts'

/** The S3 of a test's world, with the bucket of the archive and the one to which Bird's links lead. */
export interface WorldStore extends Pick<S3Server, 'url' | 'putFile' | 'presignGet' | 'close'> {
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly bucket: string
  readonly mediaBucket: string
}

/** The sandbox's S3 over a directory. */
export async function startSandboxStore(
  directory: string,
  objectLock: boolean,
  faults: S3Faults,
): Promise<WorldStore> {
  const credentials = { accessKeyId: 'TESTKEYID', secretAccessKey: 'test-secret-access-key' }
  const names = { region: 'eu-west-1', bucket: 'archive', mediaBucket: 'bird-media' }
  const s3 = await startS3Server({ directory, credentials, region: names.region, faults })
  await s3.createBucket(names.bucket, { objectLock, versioning: true })
  await s3.createBucket(names.mediaBucket)
  return { ...s3, ...names, credentials }
}
