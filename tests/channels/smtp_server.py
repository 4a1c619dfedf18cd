"""smtp_server CERT KEY MODE - aiosmtpd, the SMTP server of Debian's python3-aiosmtpd, as a channel meets it. Each mail it
takes is one line of JSON on stdout, behind a line with its port. MODE: tls (STARTTLS and a login are required), plain, later (451 the first time), never
(550), hang (in the middle of the mail), drop (the connection after it). Run by /usr/bin/python3, which has the package."""
import asyncio
import json
import socket
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
            await asyncio.sleep(600)
        if self.mode == "drop" and self.n == 1:
            server.transport.abort()
            return "451 gone"
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                          "user": session.auth_data.decode() if session.auth_data else None, "data": envelope.content.decode("latin-1")}), flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    good = data.login == b"alarm" and data.password == "pass wörd".encode()
    return AuthResult(success=good, handled=False, auth_data=data.login)


class OnOurSocket(Controller):
    """Its port is one that the kernel chose, and it waits for nobody to prove that it is there, nor for a name server."""

    def __init__(self, *args, **more):
        self.socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(*args, server_hostname="localhost", port=self.socket.getsockname()[1], ready_timeout=60, **more)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.socket)

    def _trigger_server(self):
        with socket.create_connection(self.socket.getsockname(), 60) as s:
            s.settimeout(60)
            s.recv(1024)


def main():
    cert, key, mode = sys.argv[1:4]
    more = {}
    if mode == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        more = {"tls_context": context, "require_starttls": True, "authenticator": login, "auth_required": True}
    server = OnOurSocket(Handler(mode), hostname="127.0.0.1", **more)
    server.start()
    print(server.port, flush=True)
    while True:
        time.sleep(60)


main()
