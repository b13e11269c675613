import { CelEngine, TemplateFile } from '@aws/cloudformation-validate'

/** What AWS's own validator finds in a template, from warnings up. */
export function validate(file: string): string[] {
  const engine = new CelEngine()
  try {
    const { diagnostics } = engine.validateStandard(new TemplateFile(file), {
      severityLevel: 'WARN',
      // osls writes a DependsOn beside a reference; harmless.
      exclude: { ids: ['W3005'] },
    })
    return diagnostics.map(({ ruleId, message }) => `${ruleId} ${message}`)
  } finally {
    engine.free()
  }
}
