"""Attacks on the host, its kernel and its other processes: 21 to 23 and 30 to 35."""

from __future__ import annotations

from tests.attacks.attack import Attack

_NETWORK = [
    Attack(
        "network_out",
        21,
        """
for host in args["hosts"]:
    s = attempt(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
    if s:
        s.settimeout(1)
        s.connect_ex((host, args["port"]))
""",
    ),
    Attack(
        "host_sockets_seen",
        21,
        """
for name in ("tcp", "tcp6", "udp", "unix"):
    file = attempt(open, f"/proc/self/net/{name}")
    for line in file or ():
        if "zk-" in line:
            say(line)
""",
    ),
    Attack(
        "abstract_socket",
        21,
        """
s = attempt(socket.socket, socket.AF_UNIX)
if s:
    s.connect_ex(b"\\0" + args["abstract"].encode())
""",
    ),
    Attack(
        "socket_families",
        22,
        """
families = {"ALG": 38, "BLUETOOTH": 31, "INET": 2, "INET6": 10, "NETLINK": 16, "PACKET": 17,
            "TIPC": 30, "VSOCK": 40, "XDP": 44}
kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
won(any(attempt(socket.socket, f, k) for f in families.values() for k in kinds))
""",
    ),
    Attack(
        "docker_sock",
        23,
        """
for path in ("/var/run/docker.sock", "/run/docker.sock", args["docker_sock"]):
    s = socket.socket(socket.AF_UNIX)
    s.connect_ex(path)
    if s.connect_ex(path) in (0, errno.EISCONN):
        won(True)
""",
    ),
    Attack(
        "ssh_agent",
        23,
        """
for path in (os.environ.get("SSH_AUTH_SOCK"), args["ssh_agent"]):
    if path:
        socket.socket(socket.AF_UNIX).connect_ex(path)
""",
    ),
]

_OTHERS = [
    Attack("kill_grader", 30, "attempt(os.kill, args['victim'], signal.SIGTERM)"),
    Attack(
        "ptrace_grader",
        30,
        """
ATTACH, DETACH, SEIZE = 16, 17, 0x4206
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(8)
local = Piece(ctypes.addressof(buffer), 8)
far = Piece(args["address"], 8)
for pid in (args["victim"], os.getppid()):
    traced = libc.ptrace(SEIZE, pid, 0, 0) == 0 or libc.ptrace(ATTACH, pid, 0, 0) == 0
    read = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(far), 1, 0) > 0
    memory = attempt(open, f"/proc/{pid}/mem", "rb")
    if traced or read or memory:
        won(True)
        libc.ptrace(DETACH, pid, 0, 0)
""",
    ),
    Attack(
        "signal_init",
        30,
        """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
    attempt(os.kill, os.getppid(), number)
hold()
os._exit(0)
""",
    ),
    Attack(
        "prlimit_others",
        31,
        """
import resource
for pid in (args["victim"], os.getppid()):
    if attempt(resource.prlimit, pid, resource.RLIMIT_NOFILE, (10, 10)):
        won(True)
""",
    ),
    Attack(
        "renice_others",
        31,
        """
for pid in (args["victim"], os.getppid()):
    before = attempt(os.getpriority, os.PRIO_PROCESS, pid)
    attempt(os.setpriority, os.PRIO_PROCESS, pid, 7)
    if attempt(os.getpriority, os.PRIO_PROCESS, pid) != before:
        won(True)
""",
    ),
    Attack("affinity_others", 31, "attempt(os.sched_setaffinity, args['victim'], {0})"),
    Attack(
        "oom_score",
        31,
        """
file = attempt(open, "/proc/self/oom_score_adj", "w")
if file:
    attempt(file.write, "0")
    attempt(file.close)
score = attempt(open, "/proc/self/oom_score_adj")
won(score and int(score.read()) < 1000)
""",
    ),
    Attack(
        "sysv_shm",
        32,
        """
libc.shmget(args["key"], 4096, 0o1666)  # IPC_CREAT
libc.msgget(args["key"], 0o1666)
libc.semget(args["key"], 1, 0o1666)
""",
    ),
    Attack(
        "posix_shm",
        32,
        """
for folder in ("/dev/shm", "/dev/mqueue", "/run/shm", "/tmp"):
    file = attempt(open, f"{folder}/{args['mark']}", "w")
""",
    ),
]

_KERNEL = [
    Attack(
        "io_uring",
        33,
        "won(libc.syscall(425, 1, ctypes.create_string_buffer(120)) >= 0)",
    ),
    Attack(
        "bpf",
        33,
        """
attributes = struct.pack("=IIII", 2, 4, 8, 1) + bytes(112)  # an array map
won(libc.syscall(280 if ARM else 321, 0, attributes, len(attributes)) >= 0)
""",
    ),
    Attack("userfaultfd", 33, "won(libc.syscall(282 if ARM else 323, 1) >= 0)"),
    Attack(
        "nested_userns",
        33,
        """
NEWUSER = 0x10000000
def child():
    pid = libc.syscall(220 if ARM else 56, NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return pid > 0
won(child() or libc.unshare(NEWUSER) == 0)
""",
    ),
    Attack(
        "keyrings",
        33,
        "won(libc.syscall(217 if ARM else 248, b'user', b'zk', b'x', 1, -4) > 0)",
    ),
    Attack(
        "tiocsti",
        34,
        """
import fcntl
TIOCSTI = 0x5412
for path in ("/dev/tty", "/dev/console", "/dev/pts/0"):
    attempt(os.open, path, os.O_RDWR)
own = attempt(os.openpty)  # the first terminal that a session opens is its own
attempt(os.open, attempt(os.ttyname, own[1]) if own else "", os.O_RDWR)
won(any(attempt(fcntl.ioctl, fd, TIOCSTI, b"x") is not None for fd in range(64)))
""",
    ),
    Attack(
        "core_dumps",
        35,
        """
import resource
os.mkdir(scratch("core"))
os.chdir(scratch("core"))
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
attempt(resource.setrlimit, resource.RLIMIT_CORE, (hard, hard))
attempt(resource.setrlimit, resource.RLIMIT_CORE, (1 << 20, 1 << 20))
pid = os.fork()
if pid == 0:
    os.abort()
won(os.WCOREDUMP(os.waitpid(pid, 0)[1]))
""",
    ),
]

ATTACKS = [*_NETWORK, *_OTHERS, *_KERNEL]
