import { byteAt } from './mp3-header.ts'

/** Bytes of an ID3v2 header, and of its footer. */
export const ID3V2_HEADER_BYTES = 10

const ID3V1_BYTES = 128

/** So many bytes tell every tag but ID3v1, whose place in the file counts too. */
export const TAG_HEAD_BYTES = 32

const ID3V1_EXTENDED_BYTES = 227

/** `other` is APEv2 or the extension of ID3v1. */
export type TagName = 'id3v2' | 'id3v1' | 'other'

/** A tag that begins at the first byte, `bytes` long with all its parts; `undecided` until `wanted` bytes are there. */
export type TagLook =
  | { readonly is: 'tag'; readonly name: TagName; readonly bytes: number }
  | { readonly is: 'undecided'; readonly wanted: number }

/**
 * Looks for a tag at the first byte of `rest`: ID3v2 (id3.org, version 2.2 to 2.4, with the footer of 2.4), ID3v1
 * and its extension 'TAG+', APEv2 with a header. `final` says that nothing comes after `rest`; `expected` that a frame
 * or tag has just ended here: elsewhere three letters are too weak a sign, so 'TAG' counts only where the file ends after it.
 */
export function tagAtStart(rest: Uint8Array, expected: boolean, final: boolean): TagLook | undefined {
  const id3v2Bytes = readId3v2Size(rest)
  if (id3v2Bytes !== undefined) return { is: 'tag', name: 'id3v2', bytes: id3v2Bytes }
  if (isTextAt(rest, 0, 'APETAGEX') && rest.length >= TAG_HEAD_BYTES) {
    // The size leaves out the 32 bytes of a header, which flag bit 29 tells from a footer.
    const isHeader = (byteAt(rest, 23) & 0x20) !== 0
    const declared = littleEndian(rest, 12)
    return { is: 'tag', name: 'other', bytes: TAG_HEAD_BYTES + (isHeader ? declared : 0) }
  }
  return isTextAt(rest, 0, 'TAG') ? id3v1AtStart(rest, expected, final) : undefined
}

/** Whether the three letters that every tag begins with stand at an index. */
export function startsLikeTag(bytes: Uint8Array, at: number): boolean {
  return isTextAt(bytes, at, 'TAG') || isTextAt(bytes, at, 'ID3') || isTextAt(bytes, at, 'APE')
}

/**
 * Size in bytes of the ID3v2 tag at the start, with header and footer; undefined if there is none or fewer than ten
 * bytes are given. The four size bytes have seven bits each (id3v2.4.0-structure, 3.1).
 */
export function readId3v2Size(bytes: Uint8Array): number | undefined {
  if (!isTextAt(bytes, 0, 'ID3') || bytes.length < ID3V2_HEADER_BYTES) return undefined
  const major = byteAt(bytes, 3)
  const flags = byteAt(bytes, 5)
  if (major < 2 || major > 4 || byteAt(bytes, 4) === 0xff || (flags & 0x0f) !== 0) return undefined
  let size = 0
  for (const byte of bytes.subarray(6, ID3V2_HEADER_BYTES)) {
    if (byte > 0x7f) return undefined
    size = size * 128 + byte
  }
  const footerBytes = major === 4 && (flags & 0x10) !== 0 ? ID3V2_HEADER_BYTES : 0
  return ID3V2_HEADER_BYTES + size + footerBytes
}

function id3v1AtStart(rest: Uint8Array, expected: boolean, final: boolean): TagLook | undefined {
  const wanted = ID3V1_EXTENDED_BYTES + 3
  if (!final && rest.length < wanted) return { is: 'undecided', wanted }
  if (!expected)
    return rest.length === ID3V1_BYTES ? { is: 'tag', name: 'id3v1', bytes: ID3V1_BYTES } : undefined
  // A plain tag whose title begins with '+' looks the same, but no second tag follows it.
  if (isTextAt(rest, 0, 'TAG+') && isTextAt(rest, ID3V1_EXTENDED_BYTES, 'TAG'))
    return { is: 'tag', name: 'other', bytes: ID3V1_EXTENDED_BYTES }
  return { is: 'tag', name: 'id3v1', bytes: ID3V1_BYTES }
}

function isTextAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (bytes[at + index] !== text.charCodeAt(index)) return false
  return true
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)
}
