"""Attacks on secrets and on other people's work: numbers 36 to 40 of the catalogue."""

from __future__ import annotations

from tests.attacks.attack import Attack

# Every way to a path of the host that is known exactly.
_READ = """
def read_everywhere(path):
    ways = ["", "/.old", "/proc/1/root", "/proc/self/root/../..", "/proc/self/cwd/../../../.."]
    ways += [f"/proc/self/fd/{fd}/../../../../../.." for fd in range(16)]
    for way in ways:
        file = attempt(open, way + path, "rb")
        if file:
            say(file.read(20000).decode("latin-1"))
def find_everywhere(name):
    for folder, folders, files in os.walk("/"):
        if folder.count("/") > 4 or folder.startswith(("/proc", "/usr", "/lib", "/sys")):
            folders.clear()
        if name in files:
            read_everywhere(os.path.join(folder, name))
"""

ATTACKS = [
    Attack(
        "environment",
        36,
        """
for key, value in os.environ.items():
    say([key, value])
for pid in ("self", "thread-self", "1", os.getppid(), args["victim"]):
    file = attempt(open, f"/proc/{pid}/environ", "rb")
    for variable in attempt(file.read).split(b"\\0") if file else ():
        say(variable.decode("latin-1"))
""",
    ),
    Attack(
        "other_submissions",
        37,
        _READ
        + """
read_everywhere(args["other"])
find_everywhere(os.path.basename(args["other"]))
for folder in ("/submission", "/submission/..", os.path.dirname(args["other"])):
    say(attempt(os.listdir, folder))
""",
    ),
    Attack("database", 38, _READ + 'read_everywhere(args["database"])\nfind_everywhere("zk.db")'),
    Attack(
        "cloud_metadata",
        39,
        """
s = attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)  # connecting one sends nothing
won(s and s.connect_ex(("169.254.169.254", 80)) == 0)
""",
    ),
    Attack(
        "inherited_fds",
        40,
        """
forged = b'{"error": "forged"}'
for fd in range(4, 256):
    say((attempt(os.pread, fd, 4096, 0) or b"").decode("latin-1"))
    attempt(os.write, fd, forged)
    up = attempt(os.open, "../../../../../../..", os.O_PATH, dir_fd=fd)
    if up is not None:
        attempt(os.chmod, args["file"].lstrip("/"), 0o777, dir_fd=up)
        file = attempt(os.open, args["other"].lstrip("/"), os.O_RDONLY, dir_fd=up)
        say(attempt(os.read, file, 4096).decode("latin-1") if file is not None else "")
    with contextlib.suppress(OSError):
        os.fchdir(fd)
        attempt(socket.socket(socket.AF_UNIX).connect, "../../../../../../.." + args["docker_sock"])
hold()
""",
    ),
    Attack("host_files", 40, _READ + 'read_everywhere(args["file"])'),
    Attack(
        "change_host_files",
        40,
        """
path = args["file"]
attempt(os.chmod, path, 0o777)
attempt(os.utime, path, (1, 1))
attempt(os.rename, path, path + ".moved")
file = attempt(open, path, "a")
file and file.write("changed")
""",
    ),
    Attack(
        "write_binds",
        40,
        """
for folder in ("/submission/hw1", args["bound"]):
    attempt(open, f"{folder}/new.py", "w")
    attempt(os.chmod, f"{folder}/answers.py", 0o777)
    attempt(os.unlink, f"{folder}/answers.py")
""",
    ),
]
