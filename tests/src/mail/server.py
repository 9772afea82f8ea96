"""A mail server for scenarios: PORT FILE CERTIFICATE KEY [USER PASSWORD]. Each letter is a line of JSON in FILE."""

import asyncio
import datetime
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

port, out, certificate, key, *login = sys.argv[1:]


class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        taken = {
            "arrived": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None,
            "login": session.auth_data if isinstance(session.auth_data, str) else None,
            "headers": [[name, str(value)] for name, value in letter.items()],
            "text": letter.get_content().replace("\r\n", "\n"),
        }
        with open(out, "a", encoding="utf-8") as file:
            file.write(json.dumps(taken) + "\n")
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = [data.login.decode(), data.password.decode()] == login
    return AuthResult(success=right, auth_data=login[0] if right else None)


def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return SMTP(
        Keep(),
        hostname="mail.example",
        tls_context=context,
        require_starttls=True,
        auth_required=bool(login),
        authenticator=authenticate if login else None,
    )


async def main():
    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", int(port))
    await server.serve_forever()


asyncio.run(main())
