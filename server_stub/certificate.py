"""What a certificate file says of itself; the only reader of certificates."""

from datetime import datetime
from pathlib import Path

from cryptography import x509

from server_stub.errors import InvalidError


def expires_at(path: Path) -> datetime:
    """Return until when the first certificate of a PEM file is valid; raises InvalidError."""
    try:
        chain = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise InvalidError(str(path), error.strerror or str(error)) from error
    except ValueError as error:
        raise InvalidError(str(path), "it holds no certificate in PEM form") from error
    return chain[0].not_valid_after_utc
