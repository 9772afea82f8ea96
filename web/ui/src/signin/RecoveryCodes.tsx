import { Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import classes from './SignIn.module.css'

interface RecoveryCodesProps {
  codes: readonly string[]
  login: string
}

/** Shown once, right after enrolling. */
export function RecoveryCodes({ codes, login }: RecoveryCodesProps) {
  const [isKept, setKept] = useState(false)
  const save = (): void => {
    const address = URL.createObjectURL(new Blob([`Chaperone, recovery codes of ${login}\n\n${codes.join('\n')}\n`]))
    const link = document.createElement('a')
    link.href = address
    link.download = `chaperone-recovery-${login}.txt`
    link.click()
    URL.revokeObjectURL(address)
    setKept(true)
  }
  const print = (): void => {
    setKept(true)
    window.print()
  }
  return (
    <section className={classes.card}>
      <h2 className={classes.heading}>Keep your recovery codes</h2>
      <p className={classes.note}>
        Each of them stands in once for a code when the authenticator is lost. They are not shown again. Keep them where
        your password is not.
      </p>
      <ul className={classes.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className={classes.row}>
        <Button onClick={save}>Save as a file</Button>
        <Button variant="default" onClick={print}>
          Print
        </Button>
        <Button variant={isKept ? 'light' : 'subtle'} component={Link} to="/">
          {isKept ? 'Sign in' : 'I have written them down: sign in'}
        </Button>
      </div>
    </section>
  )
}
