/**
 * The frame of a walk. Its scenario calls it with the gate's address and an enrolment link for each person; the two take
 * turns by lines of JSON on standard input and output.
 */
import { createInterface } from 'node:readline'
import { Browser } from './browser.mjs'
import { Person } from './person.mjs'

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** Tells the scenario how far the walk is, and waits until it has done its part; returns what that brings. */
export async function turn(name, brings = {}) {
  console.log(JSON.stringify({ turn: name, ...brings }))
  const { value, done } = await answers.next()
  if (done) throw new Error(`the scenario left at ${name}`)
  return JSON.parse(value)
}

/** Runs a walk to its end, and says everything that was wrong on any page. */
export async function walk(run) {
  const [base, links = '{}'] = process.argv.slice(2)
  const browser = await Browser.launch(base)
  const found = JSON.parse(links)
  const faults = []
  try {
    await run({ browser, base, links: found, atDesk: (login) => Person.atDesk(browser, base, found[login]) })
  } catch (error) {
    faults.push(error.stack, ...(await browser.shown()))
  }
  await browser.close()
  faults.push(...new Set(browser.faults))
  for (const fault of faults) console.error(fault)
  process.exit(faults.length === 0 ? 0 : 1)
}

/** Fails the walk unless it holds. */
export function check(holds, what) {
  if (!holds) throw new Error(what)
}
