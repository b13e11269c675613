/** An ID3v2.3 tag that holds nothing but a title (id3.org, ID3v2.3.0, 3.1 to 4.2). */
export function id3v2(title: string): Uint8Array {
  const text = Buffer.from(`\0${title}`, 'latin1')
  const head = Buffer.alloc(20)
  head.write('ID3\x03')
  head.writeUInt8((10 + text.length) & 0x7f, 9)
  head.writeUInt8((10 + text.length) >> 7, 8)
  head.write('TIT2', 10)
  head.writeUInt32BE(text.length, 14)
  return Buffer.concat([head, text])
}

/** An ID3v1 tag: the last 128 bytes of a file (id3.org, ID3v1). */
export function id3v1(title: string): Uint8Array {
  const tag = Buffer.alloc(128)
  tag.write('TAG')
  tag.write(title.slice(0, 30), 3, 'latin1')
  tag.writeUInt8(0xff, 127)
  return tag
}
