import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import { writeOpenApi } from '../../lib/retrieve/openapi.ts'

/** As much of the OpenAPI document as a test looks at. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
  readonly servers: readonly { readonly url: string }[]
}

export interface OpenApiOperation {
  readonly operationId: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly schema: Readonly<Record<string, unknown>>
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
  readonly responses: Readonly<Record<string, OpenApiResponse>>
}

export interface OpenApiResponse {
  readonly headers: Readonly<
    Record<string, { readonly required?: boolean; readonly schema: Readonly<Record<string, unknown>> }>
  >
  readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>
}

export const DOCUMENT = JSON.parse(
  writeOpenApi({ domainName: 'api.example.com', rawPath: '/openapi.json' }, '0.0.0'),
) as OpenApi

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowUnionTypes: true, coerceTypes: false })
addFormats.default(ajv)
ajv.addVocabulary(['components'])
ajv.addSchema({ $id: 'openapi', components: DOCUMENT.components })

/** Fails unless a value is what a schema of the document (`#/components/schemas/Problem`) says. */
export function expectSchema(ref: string, value: unknown): void {
  const validate = ajv.getSchema(`openapi${ref}`)
  if (validate === undefined) throw new Error(`${ref} is no schema of the document`)
  expect(validate(value), `${ref}: ${ajv.errorsText(validate.errors)}`).toBe(true)
}

/** Whether a value is what an inline schema says. */
export function isValid(schema: object, value: unknown): boolean {
  return ajv.validate(schema, value)
}

/** The pattern of the document that an address has; undefined where it has none. */
function patternOf(path: string): string | undefined {
  const segments = path.replace(/\/$/, '').split('/').map(unescapePath)
  return Object.keys(DOCUMENT.paths).find((pattern) => {
    const expected = pattern.split('/')
    return (
      expected.length === segments.length &&
      expected.every((each, index) => each === '{id}' || each === segments[index])
    )
  })
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Fails unless an answer is what the document says for that path, method and status. */
export function expectDocumented(method: string, path: string, { status, headers, text }: Answered): void {
  const pattern = patternOf(path)
  const operation =
    pattern === undefined
      ? undefined
      : DOCUMENT.paths[pattern]?.[method === 'HEAD' ? 'get' : method.toLowerCase()]
  expect(headers['cache-control']).toBe('no-store')
  if (operation === undefined) {
    // What the document cannot have: addresses and methods that there are not.
    expect([403, 404, 405, 500]).toContain(status)
    if (method === 'HEAD') return
    expect(headers['content-type']).toBe('application/problem+json')
    expectSchema('#/components/schemas/Problem', JSON.parse(text))
    return
  }
  const response = operation.responses[String(status)]
  if (response === undefined)
    throw new Error(`${method} ${path} answered ${status}, which is documented nowhere`)
  for (const [name, { required = false, schema }] of Object.entries(response.headers)) {
    const value = headers[name.toLowerCase()]
    if (required) expect(value, name).toBeDefined()
    if (value !== undefined)
      expect(isValid(schema, schema['type'] === 'integer' ? Number(value) : value), name).toBe(true)
  }
  const [[type, { schema }] = [undefined, { schema: { $ref: '' } }]] = Object.entries(response.content)
  expect(headers['content-type']).toBe(type)
  if (method === 'HEAD') expect(text).toBe('')
  else expectSchema(schema.$ref, JSON.parse(text))
}

/** What is escaped wrongly is left as it is. */
function unescapePath(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
