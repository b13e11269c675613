import { GetObjectCommand, paginateListObjectsV2, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Clock } from '../deadline.ts'
import { StoreError } from '../errors.ts'
import { isAlreadyThere, isMissing, statusOf, storeFailure } from './failure.ts'
import { isConfiguredElsewhere } from './foreign.ts'
import { repeatOnConflict } from './whole.ts'

/** A document as it stood when it was read. */
export interface Version {
  readonly text: string
  readonly etag: string
}

/** Small documents that change, each write on the condition that nobody else wrote meanwhile. */
export interface Documents {
  /** Undefined when the key is free. */
  read(key: string, signal: AbortSignal): Promise<Version | undefined>
  /**
   * Puts `text` in the place of the version that was read, or under a key that was free (`undefined`). Resolves to the
   * new version, or to undefined if somebody else was faster: then nothing was written.
   */
  replace(
    key: string,
    read: Version | undefined,
    text: string,
    signal: AbortSignal,
  ): Promise<Version | undefined>
  /**
   * Lets `edit` say what shall stand there, in view of what does, and writes it; once more whenever somebody else was
   * faster. Nothing is written where `edit` gives the same text back.
   */
  change(key: string, edit: (text: string | undefined) => string, signal: AbortSignal): Promise<void>
  /** Names of all objects under a prefix. */
  list(prefix: string, signal: AbortSignal): AsyncGenerator<string, void, undefined>
}

const CHANGE_ATTEMPTS = 30
const CHANGE_PAUSE_MS = 20

/**
 * @param newId gives a new UUID: each write carries one, by which it knows itself again after a lost answer
 * Source: S3 User Guide, "Conditional writes": `If-Match` with the ETag, `If-None-Match: *` for a new one; 412 tells that
 * the condition fails, 404 that the object is gone, 409 that another write is under way.
 */
export function createDocuments(
  client: S3Client,
  bucket: string,
  clock: Clock,
  newId: () => string,
): Documents {
  const isForeign = isConfiguredElsewhere(client)
  const readSigned = async (
    key: string,
    signal: AbortSignal,
  ): Promise<{ readonly version: Version; readonly write: string | undefined } | undefined> => {
    try {
      const { Body, ETag, Metadata } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: signal,
      })
      if (Body === undefined || ETag === undefined)
        throw new StoreError(`${key} was answered without body or ETag`)
      return { version: { text: await Body.transformToString(), etag: ETag }, write: Metadata?.['write'] }
    } catch (error) {
      signal.throwIfAborted()
      if (isMissing(error)) return undefined
      throw storeFailure('read', key, error)
    }
  }
  const read: Documents['read'] = async (key, signal) => (await readSigned(key, signal))?.version
  const put = async (
    key: string,
    text: string,
    write: string,
    condition: { readonly IfMatch?: string; readonly IfNoneMatch?: string },
    signal: AbortSignal,
  ): Promise<Version> => {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: text,
      ContentType: 'application/json',
      Metadata: { write },
      ...condition,
    })
    const { ETag } = await repeatOnConflict(
      () => client.send(command, { abortSignal: signal }),
      clock,
      signal,
    )
    if (ETag === undefined) throw new StoreError(`${key} was written, and S3 named no ETag`)
    return { text, etag: ETag }
  }

  const replace: Documents['replace'] = async (key, version, text, signal) => {
    // Two that make the same change write the same text: each write carries a name of its own.
    const write = newId()
    try {
      const condition = version === undefined ? { IfNoneMatch: '*' } : { IfMatch: version.etag }
      return await put(key, text, write, condition, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isAlreadyThere(error) && statusOf(error) !== 404) throw storeFailure('write', key, error)
      // The SDK tries again after a lost answer, and then meets its own write.
      const now = await readSigned(key, signal)
      if (now?.write === write) return now.version
      // Some S3-compatible stores refuse every condition of this kind where a bucket keeps versions.
      if (version === undefined || now?.version.etag !== version.etag || !(await isForeign)) return undefined
      return await put(key, text, write, {}, signal).catch((cause: unknown) => {
        signal.throwIfAborted()
        throw storeFailure('write', key, cause)
      })
    }
  }

  return {
    read,
    replace,
    async change(key, edit, signal) {
      for (let attempt = 1; attempt <= CHANGE_ATTEMPTS; attempt++) {
        const version = await read(key, signal)
        const text = edit(version?.text)
        if (text === version?.text || (await replace(key, version, text, signal)) !== undefined) return
        await clock.pause(CHANGE_PAUSE_MS * attempt * clock.random(), signal)
      }
      throw new StoreError(`${key} was changed by others ${CHANGE_ATTEMPTS} times while it was to be written`)
    },
    async *list(prefix, signal) {
      try {
        const pages = paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix },
          { abortSignal: signal },
        )
        for await (const { Contents = [] } of pages)
          for (const { Key } of Contents) if (Key !== undefined) yield Key
      } catch (error) {
        signal.throwIfAborted()
        throw storeFailure('list', prefix, error)
      }
    },
  }
}
