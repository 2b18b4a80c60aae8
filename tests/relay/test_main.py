"""`python -m relay`: settings from the environment, clear errors, and a clean stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
import requests

from relay import Settings, SettingsError
from tests.relay.neighbours import TOKEN

ENVIRON = {
    "RELAY_LISTEN": "127.0.0.1:0",
    "RELAY_CHT_URL": "http://127.0.0.1:9/",
    "RELAY_CHT_USER": "gateway",
    "RELAY_CHT_PASSWORD": "gateway-pass",
    "RELAY_RAPIDPRO_URL": "http://127.0.0.1:9",
    "RELAY_RAPIDPRO_TOKEN": "rapidpro-token",
    "RELAY_INCOMING_TOKEN": TOKEN,
    "RELAY_POLL_SECONDS": "0.5",
}


def start(tmp_path: Any, **changes: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **ENVIRON, "RELAY_DATABASE": f"sqlite:///{tmp_path}/relay.db", **changes}
    return subprocess.Popen(
        [sys.executable, "-m", "relay"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_serves_and_stops_cleanly(tmp_path: Any, signal_number: int) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["relay"]
    response = requests.post(
        f"{url}/api/v2/sms/rapidpro/incoming-messages",
        json={"id": "run-1", "from": "+250788123001", "content": "G TEMP"},
        headers={"Authorization": f"Token {TOKEN}"},
        timeout=10,
    )
    assert response.json() == {"saved": 1}
    too_large = requests.post(f"{url}/api/v2/sms/rapidpro/incoming-messages", data=b"x" * 10_000_000, timeout=10)
    assert too_large.status_code in {403, 413}
    process.send_signal(signal_number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    for line in err.splitlines():
        assert json.loads(line)
    for secret in (TOKEN, "gateway-pass", "rapidpro-token", "250788123001", "TEMP"):
        assert secret not in err


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"RELAY_CHT_URL": ""}, "RELAY_CHT_URL"),
        ({"RELAY_RAPIDPRO_URL": "rapidpro.example.org"}, "RELAY_RAPIDPRO_URL"),
        ({"RELAY_DATABASE": "sqlite:////no/such/folder/relay.db"}, "RELAY_DATABASE"),
        ({"RELAY_DATABASE": "nonsense"}, "RELAY_DATABASE"),
        ({"RELAY_DATABASE": "martian://"}, "RELAY_DATABASE"),
        ({"RELAY_POLL_SECONDS": "soon"}, "RELAY_POLL_SECONDS"),
    ],
)
def test_an_invalid_environment_is_refused_in_one_sentence(
    tmp_path: Any, changes: dict[str, str], variable: str
) -> None:
    process = start(tmp_path, **changes)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert variable in err
    assert len(err.splitlines()) == 1


def test_a_host_name_with_several_addresses_works(tmp_path: Any) -> None:
    process = start(tmp_path, RELAY_LISTEN="localhost:0")
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["relay"]
    assert requests.get(f"{url}/health", timeout=10).status_code == 200
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("listen", ["no-host.invalid:7070", "256.256.256.256:7070"])
def test_an_unusable_listen_address_is_refused_in_one_sentence(tmp_path: Any, listen: str) -> None:
    process = start(tmp_path, RELAY_LISTEN=listen)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err.startswith(f"RELAY_LISTEN={listen} cannot be used: ")
    assert len(err.splitlines()) == 1


def test_a_port_in_use_is_refused_in_one_sentence(tmp_path: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = start(tmp_path, RELAY_LISTEN=f"127.0.0.1:{other.getsockname()[1]}")
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "RELAY_LISTEN" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RELAY_CHT_URL", "ftp://cht.example.org"),
        ("RELAY_CHT_URL", "https://admin:pass@cht.example.org"),
        ("RELAY_CHT_URL", "http://[bad"),
        ("RELAY_CHT_USER", "a:b"),
        ("RELAY_RAPIDPRO_TOKEN", " token"),
        ("RELAY_INCOMING_TOKEN", "to\nken"),
        ("RELAY_LISTEN", "7070"),
        ("RELAY_LISTEN", "127.0.0.1:70700"),
        ("RELAY_POLL_SECONDS", "0"),
        ("RELAY_POLL_SECONDS", "nan"),
        ("RELAY_POLL_SECONDS", "inf"),
    ],
)
def test_the_error_names_an_invalid_setting_and_shows_no_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        Settings.from_env({**ENVIRON, name: value})
    assert "gateway-pass" not in str(caught.value)


def test_settings_have_defaults_and_show_no_secrets() -> None:
    environ = {name: value for name, value in ENVIRON.items() if name not in {"RELAY_LISTEN", "RELAY_POLL_SECONDS"}}
    settings = Settings.from_env(environ)
    assert (settings.listen, settings.poll_seconds) == ("127.0.0.1:7070", 60.0)
    assert settings.cht_url == "http://127.0.0.1:9"
    for secret in ("gateway-pass", "rapidpro-token", TOKEN):
        assert secret not in repr(settings)
