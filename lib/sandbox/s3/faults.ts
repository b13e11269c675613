import type { IncomingHttpHeaders } from 'node:http'

/** What a fault script sees of a request: its signature has been found right, its body has not been read. */
export interface S3Request {
  /** as the API Reference names it: `PutObject`, `GetObject`, `CompleteMultipartUpload`, … */
  operation: string
  bucket: string
  key: string
  partNumber?: number
  uploadId?: string
  presigned: boolean
  headers: IncomingHttpHeaders
}

/** How a GetObject's body goes wrong; what is left out stays right. */
export interface S3BodyFault {
  kind: 'body'
  /** the socket is closed after so many bytes */
  cutAfterBytes?: number
  /** nothing more comes after so many bytes, until `close()` */
  stallAfterBytes?: number
  /** the body ends after so many bytes and Content-Length says the same */
  endAfterBytes?: number
  /** Content-Length says this; when it is more than what is sent, the connection is then closed */
  declareBytes?: number
  /** chunked, without Content-Length */
  noLength?: boolean
  /** 200 and everything, where 206 and a part was asked for */
  ignoreRange?: boolean
  contentRange?: string
  etag?: string
  contentType?: string
  /** other bytes than those that are stored */
  replace?: Uint8Array
}

/** One way to misbehave. `after: true`: the operation is carried out first, only its answer is spoiled. */
export type S3Fault =
  | {
      kind: 'respond'
      status: number
      headers?: Record<string, string>
      body?: string | Uint8Array
      after?: boolean
    }
  /** an error in S3's XML */
  | { kind: 'error'; status: number; code: string; message?: string; after?: boolean }
  /** status 200 whose body is an error, as CompleteMultipartUpload can answer */
  | { kind: 'error-in-200'; code: string; after?: boolean }
  /** the socket is closed without an answer */
  | { kind: 'cut'; after?: boolean }
  /** no answer, until `close()` */
  | { kind: 'stall' }
  /**
   * a flipped byte is stored, checksummed as stored, and success is answered (PutObject, UploadPart; also CompleteMultipartUpload,
   * whose composite checksum stays that of the parts)
   */
  | { kind: 'corrupt' }
  /** only the first bytes are stored, and success is answered (the same three) */
  | { kind: 'truncate-stored'; bytes: number }
  /** as lesser gateways do: If-None-Match and If-Match are passed over */
  | { kind: 'ignore-condition' }
  /** lock headers, retentions, holds are accepted without effect, and locks protect nothing */
  | { kind: 'ignore-lock' }
  /** checksums are neither checked nor kept nor given */
  | { kind: 'no-checksum' }
  | S3BodyFault

/** Asked once per authenticated request; undefined lets it be answered properly. */
export type S3Faults = (request: S3Request) => S3Fault | undefined
