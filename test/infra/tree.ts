import type { Json, Template } from './package.ts'

/** The value at a path such as `Resources.ArchiveQueue.Properties.VisibilityTimeout`; undefined when there is none. */
export function at(tree: unknown, path: string): Json | undefined {
  return path
    .split('.')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], tree) as
    | Json
    | undefined
}

export const list = (value: Json | undefined): Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/** The text that a value is; empty for what is no text. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export interface Statement {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string | string[]
  readonly Resource: Json
  readonly Principal?: Json
  readonly Condition?: Json
}

/** Every statement that a role has, inline or by a policy resource of its own. */
export function statementsOf(template: Template, role: string): Statement[] {
  const inline = list(at(template, `Resources.${role}.Properties.Policies`)).flatMap((policy) =>
    list(at(policy, 'PolicyDocument.Statement')),
  )
  const apart = Object.values(template.Resources)
    .filter(
      ({ Type, Properties }) => Type === 'AWS::IAM::RolePolicy' && at(Properties, 'RoleName.Ref') === role,
    )
    .flatMap(({ Properties }) => list(at(Properties, 'PolicyDocument.Statement')))
  return [...inline, ...apart] as unknown as Statement[]
}

export const actionsOf = (statements: readonly Statement[]): string[] =>
  statements.flatMap(({ Action }) => list(Action) as string[]).toSorted()
