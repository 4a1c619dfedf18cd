"""smtp_server PORT CERT KEY MODE - aiosmtpd, the SMTP server of Debian's python3-aiosmtpd, as a channel meets it. Each mail it
takes is one line of JSON on stdout. MODE: tls (STARTTLS and a login are required), plain, later (451 the first time), never
(550), hang (in the middle of the mail), drop (the connection after it). Run by /usr/bin/python3, which has the package."""
import asyncio
import json
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    def __init__(self, mode):
        self.mode, self.n = mode, 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.n += 1
        if self.mode == "never":
            return "550 no such user"
        if self.mode == "later" and self.n == 1:
            return "451 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "hang":
            await asyncio.sleep(60)
        if self.mode == "drop" and self.n == 1:
            server.transport.abort()
            return "451 gone"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                          "user": session.auth_data.decode() if session.auth_data else None, "data": envelope.content.decode("latin-1")}), flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    good = data.login == b"alarm" and data.password == "pass wörd".encode()
    return AuthResult(success=good, handled=False, auth_data=data.login)


def main():
    port, cert, key, mode = int(sys.argv[1]), *sys.argv[2:5]
    more = {}
    if mode == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        more = {"tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True}
    Controller(Handler(mode), hostname="127.0.0.1", port=port, **more).start()
    print("ready", flush=True)
    while True:
        time.sleep(60)


main()
