import type { IncomingHttpHeaders } from 'node:http'

/** A request as Bird understood it, before anything else is decided about it. */
export interface BirdRequest {
  readonly operation: 'getRecording' | 'getRecordingMedia' | 'listRecordings' | 'getRecordingMetrics'
  /** As it stands in the path, without `.mp3`. */
  readonly recordingId?: string
  /** What listRecordings or getRecordingMetrics was asked for, as it came: not yet held against Bird's rules. */
  readonly query?: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** `respond` replaces Bird's answer, `drop` closes the connection without one, `stall` keeps it open without one. */
export type BirdFault =
  | {
      readonly kind: 'respond'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** A string is sent as it is, an object as JSON. */
      readonly body?: string | object
    }
  | { readonly kind: 'drop' }
  | { readonly kind: 'stall' }

/** Asked at each request that carries the right key; undefined means that all goes well. */
export type BirdFaults = (request: BirdRequest) => BirdFault | undefined
