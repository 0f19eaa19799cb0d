"""The doctor tries real attacks, and says how to mend a host that cannot hold them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graders.core.errors import InfraError
from graders.sandbox import Diagnosis, Layers, Zygote, canaries, doctor, examine, require_strict

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    return examine()


def test_this_host_is_strict(diagnosis):
    assert (diagnosis.tier, diagnosis.findings) == ("strict", ())


def test_every_canary_was_tried_and_held(diagnosis):
    assert {canary.name: canary.held for canary in diagnosis.canaries} == dict.fromkeys(
        canaries.CANARIES, True
    )


def test_a_diagnosis_is_one_table_and_plain_data(diagnosis):
    assert [(check.name, check.ok, check.reason) for check in diagnosis.checks()] == [
        (name, True, "") for name in canaries.CANARIES
    ]
    plain = diagnosis.as_plain()
    assert plain["tier"] == "strict"
    assert json.loads(json.dumps(plain))["canaries"][0] == {
        "name": diagnosis.canaries[0].name,
        "held": True,
    }


def test_canaries_notice_a_jail_with_a_layer_less():
    with (
        canaries.secret() as value,
        Zygote.start(
            preload=(), slots=1, layers=Layers(seccomp=False, clean_environment=False)
        ) as zygote,
    ):
        tried = canaries.run(zygote, value)
    broken = {canary.name for canary in tried if not canary.held}
    assert {"odd_sockets", "nested_user_namespace", "environment_read"} <= broken


def test_a_host_without_user_namespaces_gets_the_administrators_fix():
    # In a user namespace of its own, the switch concerns this one subprocess.
    program = """
import json, os, sys
from graders.sandbox import doctor, syscalls
user, group = os.geteuid(), os.getegid()
syscalls.unshare(syscalls.CLONE_NEWUSER)
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
    open(f"/proc/self/{name}", "w").write(text)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
print(json.dumps(doctor.examine().as_plain()))
try:
    doctor.require_strict()
except Exception as error:
    print(json.dumps([type(error).__name__, error.what, error.todo]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    plain, error = map(json.loads, done.stdout.splitlines())
    assert plain["tier"] in {"bwrap", "weak", "none"}
    assert plain["findings"] == [
        {
            "reason": "user namespaces are switched off (user.max_user_namespaces is 0)",
            "fix": "sudo sysctl -w user.max_user_namespaces=15000",
        }
    ]
    assert error[0] == "InfraError"
    assert "cannot isolate submissions: user namespaces are switched off" in error[1]
    assert "sysctl" in error[2]


def test_a_canary_that_gets_through_forbids_grading(monkeypatch):
    monkeypatch.setitem(canaries.CANARIES, "always", "say(True)")
    broken = examine()
    assert broken.tier == "none"
    assert broken.findings[0].reason == "canary attacks got through: always"
    assert [check.name for check in broken.checks() if not check.ok] == ["host", "always"]
    with pytest.raises(InfraError, match="always"):
        require_strict()


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("unprivileged_userns_clone", "0", "unprivileged user namespaces are switched off"),
        ("apparmor_restrict_unprivileged_userns", "1", "AppArmor forbids this Python"),
    ],
)
def test_each_switch_that_forbids_a_jail_has_its_own_fix(monkeypatch, setting, value, reason):
    # Such a kernel is not here: its switches are read from a table instead of /proc/sys.
    switches = {f"/proc/sys/kernel/{setting}": value}
    monkeypatch.setattr(doctor, "_read", lambda path: switches.get(path, ""))
    monkeypatch.setattr(doctor.os, "geteuid", lambda: 1000)
    (finding,) = doctor._namespace_findings()
    assert finding.reason.startswith(reason)
    assert finding.fix.startswith("sudo ")


OTHER_SYSTEM = """
import ctypes, sys
sys.platform = {platform!r}
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
def no_library(*args, **kwargs):
    raise TypeError("no such library on this system")
ctypes.CDLL = no_library
import os
for name in ("fork", "sysconf", "setsid", "pidfd_open", "memfd_create"):
    delattr(os, name)
import graders.sandbox, graders.sandbox.warm
from graders.sandbox import examine, require_strict
print(examine().tier)
try:
    require_strict()
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_can_import_what_students_use_and_are_told_the_rest(platform):
    done = subprocess.run(
        [sys.executable, "-c", OTHER_SYSTEM.format(platform=platform)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "none"
    assert "grading needs Linux" in done.stdout
    assert "WSL2" in done.stdout
