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

export const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/** The number at a path below `Resources`. */
export const number = (template: Template, path: string): number => Number(at(template, `Resources.${path}`))

/** The environment of a function; `name` as in serverless.yml. */
export function environmentOf(template: Template, name: string): Readonly<Record<string, unknown>> {
  const logicalId = `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`
  const variables = at(template, `Resources.${logicalId}.Properties.Environment.Variables`)
  return (variables ?? {}) as Record<string, unknown>
}

/** Whether an alarm has this metric, comparison, threshold and judgement of missing data, and writes to the topic. */
export function alarmWatches(template: Template, name: string, wanted: Json): boolean {
  const alarm = template.Resources[name]
  const facts = ['MetricName', 'ComparisonOperator', 'Threshold', 'TreatMissingData'].map(
    (key) => at(alarm, `Properties.${key}`) ?? null,
  )
  return same(facts, wanted) && same(at(alarm, 'Properties.AlarmActions'), [{ Ref: 'AlarmTopic' }])
}

/** The metrics of ours that alarms and dashboard show, as `Archive Failed`: whose they are, and which. */
export function ourMetricsIn(template: Template): string[] {
  const alarms = Object.values(template.Resources)
    .filter(({ Properties }) => at(Properties, 'Namespace') === 'BirdRecordingArchiver')
    .map(({ Properties }) => [at(Properties, 'Dimensions.0.Value.Ref'), Properties['MetricName']])
  const body = text(at(template, 'Resources.ArchiveDashboard.Properties.DashboardBody.Fn::Sub'))
  const shown = list(at(JSON.parse(body), 'widgets'))
    .flatMap((widget) => list(at(widget, 'properties.metrics')))
    .filter((metric) => at(metric, '0') === 'BirdRecordingArchiver')
    .map((metric) => [text(at(metric, '3')).replace(/^\$\{(\w+)\}$/, '$1'), at(metric, '1')])
  return [...alarms, ...shown].map(
    ([owner, name]) => `${text(owner).replace(/LambdaFunction$/, '')} ${text(name)}`,
  )
}

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

/** Every right of a role as `action on resource`, resources by their names in the template: `s3:GetObject on ArchiveBucket/x/*`. */
export const rightsOf = (template: Template, role: string): string[] =>
  statementsOf(template, role)
    .flatMap(({ Action, Resource }) =>
      list(Action).flatMap((action) => list(Resource).map((place) => `${text(action)} on ${nameOf(place)}`)),
    )
    .toSorted()

function nameOf(place: Json): string {
  const parts = list(at(place, 'Fn::Join.1'))
  if (parts.length > 0) return parts.map(nameOf).join('')
  // What follows service, region and account.
  const sub = text(at(place, 'Fn::Sub'))
  if (sub !== '') return sub.split(':').slice(-1).join('').replaceAll(/[${}]/g, '')
  return text(place) || text(at(place, 'Ref')) || text(at(place, 'Fn::GetAtt.0'))
}

export const TLS = { Bool: { 'aws:SecureTransport': 'false' } }

/** Whether a policy refuses everybody something on just this condition; undefined is none. */
export function policyDenies(template: Template, policy: string, condition: Json | undefined): boolean {
  return list(at(template, `Resources.${policy}.Properties.PolicyDocument.Statement`)).some(
    (statement) =>
      at(statement, 'Effect') === 'Deny' &&
      at(statement, 'Principal') === '*' &&
      same(at(statement, 'Condition'), condition),
  )
}
