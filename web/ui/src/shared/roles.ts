/** Roles and where they apply, in people's words. */

export const ROLES = [
  { value: 'technician', label: 'Technician', isVendor: true },
  { value: 'coordinator', label: 'Coordinator of a vendor', isVendor: true },
  { value: 'clinical-engineer', label: 'Clinical engineer', isVendor: false },
  { value: 'pharmacist', label: 'Pharmacist', isVendor: false },
  { value: 'analyst', label: 'SOC analyst', isVendor: false },
  { value: 'lead', label: 'SOC lead', isVendor: false },
  { value: 'auditor', label: 'Auditor', isVendor: false },
  { value: 'administrator', label: 'Administrator', isVendor: false },
] as const

/** `clinical-engineer@site:East` as `Clinical engineer, site East`. */
export function roleLabel(grant: string): string {
  const [role = '', scope] = grant.split('@')
  const label = ROLES.find(({ value }) => value === role)?.label ?? role
  if (scope === undefined) return label
  const [kind, name] = [scope.slice(0, scope.indexOf(':')), scope.slice(scope.indexOf(':') + 1)]
  return `${label}, ${kind === 'target' ? 'server' : kind} ${name}`
}
