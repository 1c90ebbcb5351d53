"""Identity tokens as Google makes them, signed with keys of our own, and a server for the certificates."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, override

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

AUDIENCE: Final = "https://afterword.internal/sweep"
ACCOUNT: Final = "afterword-sweep@a-project.iam.gserviceaccount.com"
GOOGLE: Final = "https://accounts.google.com"


@dataclass(frozen=True)
class SigningKey:
    """A key that signs tokens, and the certificate that tells them."""

    name: str
    private: str
    certificate: str


@cache
def signing_key(name: str = "key-1") -> SigningKey:
    """Return the key of this name; made once, since that takes a while."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return SigningKey(
        name=name,
        private=private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain).decode(),
        certificate=certificate.public_bytes(pem).decode(),
    )


def claims(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - claims of any type, the wrong ones too
    """Return the claims of the scheduler's token; None takes one away."""
    now = int(datetime.now(UTC).timestamp())
    made = {
        "iss": GOOGLE,
        "aud": AUDIENCE,
        "azp": "1234567890",
        "sub": "1234567890",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (made | changed).items() if value is not None}


def signed(key: SigningKey | None = None, **changed: Any) -> str:  # noqa: ANN401 - as above
    """Return a token with these claims, signed with *key*."""
    signer = signer_with(key or signing_key())
    return str(jwt.encode(signer, claims(**changed)).decode())  # type: ignore[no-untyped-call]  # without types


@cache
def signer_with(key: SigningKey) -> crypt.RSASigner:
    """Return what signs with *key*; made once too, since a private key is tried as soon as it is read."""
    signer: crypt.RSASigner = crypt.RSASigner.from_string(key.private, key.name)  # type: ignore[no-untyped-call]  # as above
    return signer


def stripped(**changed: Any) -> str:  # noqa: ANN401 - as above
    """Return a token as Cloud Run hands it on once it has checked the signature."""
    return signed(**changed).rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"


@dataclass
class KeyServer:
    """
    Serves certificates.

    Attributes:
        keys: The keys whose certificates it serves.
        fetched: How often they were asked for.
        status: What it answers with.
        junk: What it sends in place of certificates.
        asked: Set when somebody has asked.
        open: Cleared, it keeps everybody waiting.

    """

    keys: list[SigningKey]
    max_age: int = 3600
    fetched: int = 0
    status: HTTPStatus = HTTPStatus.OK
    junk: bytes | None = None
    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    open: threading.Event = field(default_factory=threading.Event)


@contextmanager
def key_server(*keys: SigningKey, max_age: int = 3600) -> Iterator[KeyServer]:
    """Serve the certificates of *keys*, to be kept for *max_age* seconds, until the block ends."""
    serving = KeyServer(list(keys), max_age)
    serving.open.set()

    class Certificates(BaseHTTPRequestHandler):
        """Answers as Google's server does."""

        def do_GET(self) -> None:
            """Send all certificates."""
            serving.fetched += 1
            serving.asked.set()
            serving.open.wait()
            certificates = json.dumps({key.name: key.certificate for key in serving.keys}).encode()
            body = certificates if serving.junk is None else serving.junk
            self.send_response(serving.status)
            self.send_header("Cache-Control", f"public, max-age={serving.max_age}, must-revalidate")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Certificates)
    serving.url = f"http://127.0.0.1:{server.server_port}/oauth2/v1/certs"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield serving
    finally:
        serving.open.set()
        server.shutdown()
        server.server_close()
        thread.join()
