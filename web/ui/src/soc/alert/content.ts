/**
 * What an alert says, top to bottom. The gate leaves out what it does not know, so every member may be missing; whatever
 * does not have the expected form is treated as missing too.
 */

export interface AlertContent {
  verdict: string | null
  outcome: string | null
  /** What a server did, in words. */
  detail: string | null
  escalation: string | null
  reason: string | null
  who: Who
  what: What
  at: string | null
  windows: Record<'running' | 'before' | 'after' | 'elsewhere', NearWindow | null>
  sessionsNow: SessionNow[]
  steps: string[]
  techniques: { id: string; name: string | null }[]
  attackVersion: string | null
  session: string | null
  fact: string | null
  node: string | null
  samples: Sample[]
}

export interface Who {
  isProven: boolean
  login: string | null
  name: string | null
  vendor: string | null
  proof: string | null
  key: string | null
  secondFactor: string | null
  client: string | null
  address: string | null
  network: string | null
  listener: string | null
}

export interface What {
  name: string | null
  isKnown: boolean
  site: string | null
  group: string | null
  unit: string | null
  pumps: number | null
  hasPatientData: boolean | null
  isInClinicalUse: boolean | null
  protocol: string | null
  account: string | null
  access: string | null
}

export interface NearWindow {
  id: string | null
  /** The servers that it is for. */
  on: string[]
  opens: string | null
  closes: string | null
  off: string | null
  state: string | null
  isTheirs: boolean | null
  technicians: string[]
  approvedBy: string[]
  purpose: string | null
  ticket: string | null
}

export interface SessionNow {
  session: string
  person: string | null
  since: string | null
  source: string | null
}

/** One of many unproven callers. */
export interface Sample {
  login: string | null
  target: string | null
  address: string | null
}

export function readContent(content: unknown): AlertContent {
  const all = record(content)
  const windows = record(all.windows)
  return {
    verdict: text(all.verdict),
    outcome: text(all.outcome),
    detail: text(record(all.detail).detail),
    escalation: text(all.escalation),
    reason: text(all.reason),
    who: readWho(record(all.who)),
    what: readWhat(record(all.what)),
    at: text(record(all.when).utc),
    windows: {
      running: readWindow(windows.running),
      before: readWindow(windows.before),
      after: readWindow(windows.after),
      elsewhere: readWindow(windows.elsewhere),
    },
    sessionsNow: list(all.sessions_now).flatMap(readSession),
    steps: texts(all.what_next),
    techniques: list(all.techniques).flatMap(readTechnique),
    attackVersion: text(all.attack_version),
    session: text(all.session),
    fact: text(all.fact),
    node: text(all.node),
    samples: list(all.samples).map(readSample),
  }
}

function readWho(who: Members): Who {
  return {
    isProven: who.proven === true,
    login: text(who.login),
    name: text(who.name),
    vendor: text(who.vendor),
    proof: text(who.proof),
    key: text(who.key),
    secondFactor: text(who.second_factor),
    client: text(who.client),
    address: text(who.address),
    network: text(who.network),
    listener: text(who.listener),
  }
}

function readWhat(what: Members): What {
  return {
    name: text(what.name),
    isKnown: what.known !== false && text(what.target) !== null,
    site: text(what.site),
    group: text(what.group),
    unit: text(what.unit),
    pumps: typeof what.pumps === 'number' ? what.pumps : null,
    hasPatientData: flag(what.patient_data),
    isInClinicalUse: flag(what.in_clinical_use),
    protocol: text(what.protocol),
    account: text(what.account),
    access: text(what.access),
  }
}

function readWindow(value: unknown): NearWindow | null {
  if (value === null || typeof value !== 'object') return null
  const window = record(value)
  return {
    id: text(window.window),
    on: texts(window.on),
    opens: text(window.opens),
    closes: text(window.closes),
    off: text(window.off),
    state: text(window.state),
    isTheirs: flag(window.theirs),
    technicians: texts(window.technicians),
    approvedBy: texts(window.approved_by),
    purpose: text(window.purpose),
    ticket: text(window.ticket),
  }
}

function readSession(value: unknown): SessionNow[] {
  const row = record(value)
  const session = text(row.session)
  if (session === null) return []
  return [{ session, person: text(row.person), since: text(row.since), source: text(row.source) }]
}

function readTechnique(value: unknown): { id: string; name: string | null }[] {
  const id = text(record(value).id)
  return id === null ? [] : [{ id, name: text(record(value).name) }]
}

function readSample(value: unknown): Sample {
  const sample = record(value)
  return { login: text(sample.login), target: text(sample.target), address: text(sample.address) }
}

type Members = Record<string, unknown>

function record(value: unknown): Members {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Members) : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): string[] {
  return list(value).flatMap((each) => text(each) ?? [])
}

/** Text; a number is its digits, since large ones come as either. */
function text(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

function flag(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}
