/** Something that goes wrong with one recording, the first `times` times that it can. */
export interface CallFault {
  readonly kind:
    | 'throttled' // Bird answers 429 and does not say for how long
    | 'throttled-with-retry-after' // Bird answers 429 with Retry-After
    | 'server-error' // Bird answers 503
    | 'unprocessable' // Bird answers 422
    | 'link-expired' // S3 answers 403, "Request has expired"
    | 'connection-cut' // the connection breaks half-way through the audio
    | 'body-truncated' // an answer without Content-Length ends half-way through a frame
    | 'html' // a sign-in page with status 200 instead of audio
  readonly times: number | 'always'
}
