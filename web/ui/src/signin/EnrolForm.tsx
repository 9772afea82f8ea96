import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { api, bodyOf, CopyLine, Moment, ProblemPanel, type Wire } from '#frame'
import { LEAST_LENGTH, passwordFault } from './password'
import { QrCode } from './QrCode'
import classes from './SignIn.module.css'

interface EnrolFormProps {
  token: string
  offer: Wire<'EnrolmentOffer'>
  onEnrolled: (recoveryCodes: string[]) => void
}

/** Password, authenticator, first code. */
export function EnrolForm({ token, offer, onEnrolled }: EnrolFormProps) {
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const fault = passwordFault(password)

  const finish = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (fault !== null) return
    setAsking(true)
    setProblem(null)
    try {
      const answer = await bodyOf(api.POST('/api/enrolment/finish', { body: { token, password, code: code.trim() } }))
      onEnrolled(answer.recovery_codes)
    } catch (error) {
      setProblem(error)
      setCode('')
      setAsking(false)
    }
  }

  return (
    <section className={classes.card}>
      <form className={classes.steps} onSubmit={(event) => void finish(event)}>
        <div>
          <h2 className={classes.heading}>1. Choose a password</h2>
          <p className={classes.note}>
            Your sign-in name is <strong>{offer.login}</strong>. A few words that only you put together are strong and easy
            to keep.
          </p>
          <input type="hidden" autoComplete="username" value={offer.login} readOnly />
          <PasswordInput
            mt="xs"
            label="Password"
            description={password === '' ? `At least ${LEAST_LENGTH} characters.` : (fault ?? 'Long enough.')}
            autoComplete="new-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        </div>
        <div>
          <h2 className={classes.heading}>2. Add it to your authenticator</h2>
          <p className={classes.note}>Read this picture with an authenticator app, or type the secret.</p>
          <div className={classes.lines}>
            <div className={classes.qr}>
              <QrCode text={offer.otpauth} label="The secret as a QR code" />
            </div>
            <CopyLine text={offer.secret} label="Secret" />
          </div>
        </div>
        <div>
          <h2 className={classes.heading}>3. Show that it works</h2>
          <TextInput
            mt="xs"
            label="Code"
            description="The six digits that the authenticator shows now."
            autoComplete="one-time-code"
            inputMode="numeric"
            required
            withAsterisk={false}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
        </div>
        {problem !== null && <ProblemPanel error={problem} />}
        <Button type="submit" fullWidth loading={isAsking} disabled={fault !== null || code.trim() === ''}>
          Enrol
        </Button>
        <p className={classes.note}>
          The link works once, until <Moment at={offer.expires} isBare /> UTC.
        </p>
      </form>
    </section>
  )
}
