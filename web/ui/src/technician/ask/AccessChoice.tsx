import { Checkbox } from '@mantine/core'
import { ACCESS } from '../../shared/window/state'
import classes from '../MyWindows.module.css'

interface AccessChoiceProps {
  chosen: readonly string[]
  onChange: (access: string[]) => void
  error?: string | undefined
}

/** What the work needs, in plain words. */
export function AccessChoice({ chosen, onChange, error }: AccessChoiceProps) {
  const toggle = (access: string): void =>
    onChange(chosen.includes(access) ? chosen.filter((other) => other !== access) : [...chosen, access])
  return (
    <fieldset className={classes.access}>
      <legend>What the work needs</legend>
      {ACCESS.map(({ value, label, words }) => (
        <Checkbox
          key={value}
          label={label}
          description={words}
          checked={chosen.includes(value)}
          onChange={() => toggle(value)}
        />
      ))}
      {error && <p className="fault">{error}</p>}
    </fieldset>
  )
}
