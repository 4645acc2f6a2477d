import subprocess
import sys
import uuid

from agent.protocol.credentials import CredentialPrefix, credential_hash, new_credential
from agent.protocol.ids import is_uuid7, uuid7


def test_an_id_is_a_uuid_of_version_7_and_the_rfc_variant() -> None:
    parsed = uuid.UUID(uuid7())

    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122


def test_the_first_48_bits_are_the_millisecond() -> None:
    """RFC 9562, appendix A.6: its example instant in its example digits."""
    assert uuid7(0x017F22E279B0).startswith("017f22e2-79b0-7")


def test_ids_of_one_millisecond_differ_and_ids_sort_by_time() -> None:
    same = {uuid7(1_000) for _ in range(10_000)}

    assert len(same) == 10_000
    assert uuid7(1_000) < uuid7(1_001) < uuid7(2**48 - 1)


def test_only_the_canonical_form_is_an_id() -> None:
    good = uuid7()

    assert is_uuid7(good)
    assert not is_uuid7(good.upper())
    assert not is_uuid7(str(uuid.uuid4()))
    assert not is_uuid7(good + "\n")


def test_a_credential_shows_its_use_and_hides_256_bits() -> None:
    first, second = (new_credential(CredentialPrefix.DEVICE) for _ in range(2))

    assert first.startswith("wdd_")
    assert len(first) == 4 + 43
    assert first != second
    assert credential_hash(first) != credential_hash(second)
    assert len(credential_hash(first)) == 64


def test_the_contract_costs_nothing_to_import() -> None:
    """Every program imports it, the resident agent first of all."""
    script = (
        "import agent.protocol, agent.protocol.events, agent.protocol.device, sys;"
        "print([m for m in ('psutil','requests','django','hashlib','ssl','asyncio','yaml',"
        "'importlib.metadata','pydantic') if m in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"
