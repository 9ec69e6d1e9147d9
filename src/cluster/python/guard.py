# A cluster on this machine consists of descendants of the bridge. They would end by themselves after the bridge has ended,
# but some of Ray's processes take seconds to notice, and the bridge cannot end them if it is killed. So the bridge has a
# guard: its parent, which ends all of them as soon as the bridge has ended, however it has ended.

import ctypes
import os
import signal
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
LOOK_AT_OWNER_EVERY = 1.0  # seconds
LONGEST_KILLING = 3.0  # seconds


def descendants():
    parents = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat") as file:
                parents[int(entry)] = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            pass  # not a process, or it has just ended
    family = {os.getpid()}
    while found := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= found
    return family - {os.getpid()}


def reap_children():
    """Returns the statuses of those that have ended."""
    statuses = {}
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0] != 0:
            statuses[ended[0]] = ended[1]
    except ChildProcessError:
        pass
    return statuses


def kill_descendants():
    """Also those that they start meanwhile. Waits for their end."""
    give_up_at = time.monotonic() + LONGEST_KILLING
    while (found := descendants()) and time.monotonic() < give_up_at:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        reap_children()
        time.sleep(0.01)


def end_with(guard):
    """Without its guard, the bridge does the guard's work."""
    os.read(guard, 1)  # returns when the guard has ended
    kill_descendants()
    os._exit(1)


def guard_local_cluster(control):
    """Returns in a child of this process; this process is its guard from now on."""
    owner = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans become children of this process
    read_end, write_end = os.pipe()
    bridge = os.fork()
    if bridge == 0:
        os.close(write_end)
        threading.Thread(target=end_with, args=(read_end,), daemon=True).start()
        return
    control.socket.close()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    status = None
    while status is None and os.getppid() == owner:
        if (status := reap_children().get(bridge)) is None:
            signal.sigtimedwait([signal.SIGCHLD], LOOK_AT_OWNER_EVERY)
    kill_descendants()
    if status is not None and os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(0 if status is None else os.waitstatus_to_exitcode(status))
