/** How much attention an alert asks for, mildest first. */
export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const

export type Severity = (typeof SEVERITIES)[number]

/** A severity that this version does not know is treated as the worst, so that it is seen. */
export function severityRank(name: string): number {
  const rank = SEVERITIES.indexOf(name as Severity)
  return rank < 0 ? SEVERITIES.length : rank
}

export function asSeverity(name: string): Severity {
  return SEVERITIES.find((severity) => severity === name) ?? 'critical'
}
