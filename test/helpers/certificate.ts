import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** A key and the certificate that it signed itself, in PEM. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  subjectAltName: '0603551d11',
  basicConstraints: '0603551d13',
}

/**
 * Makes a certificate for a DNS name and, if given, an IPv4 address, valid from yesterday to tomorrow.
 * Source: RFC 5280, 4.1 (X.509 version 3), and X.690 (DER).
 */
export function createIdentity(dnsName: string, address?: string): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(Buffer.from(OID.ecdsaWithSha256, 'hex'))
  const name = sequence(
    tlv(0x31, sequence(Buffer.from(OID.commonName, 'hex'), tlv(0x0c, Buffer.from(dnsName)))),
  )
  const day = 24 * 60 * 60 * 1000
  const validity = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day))
  const names = sequence(
    tlv(0x82, Buffer.from(dnsName)),
    ...(address === undefined ? [] : [tlv(0x87, Buffer.from(address.split('.').map(Number)))]),
  )
  const isAuthority = sequence(tlv(0x01, Buffer.from([0xff])))
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(extension(OID.subjectAltName, names), extension(OID.basicConstraints, isAuthority))),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const certificate = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.from([0]), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const digits = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, content])
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return tlv(0x30, ...contents)
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes)
}

function extension(oid: string, value: Buffer): Buffer {
  return sequence(Buffer.from(oid, 'hex'), tlv(0x04, value))
}

function utcTime(ms: number): Buffer {
  return tlv(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`))
}
