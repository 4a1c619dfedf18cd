"""unit - the rig's daemon as the installed systemd unit, in a box of its own
(suite.sh): the shipped sandbox, socket, door and directories. A drop-in says
only what a test must choose: the configuration, the fault point, where the log
goes, a place for the test's own programs, that it may stand still for as long
as a test holds it, and that the test restarts it."""
import os
import shutil
import subprocess

DROP_IN = """[Service]
ExecStart=
ExecStart=/usr/sbin/tocsind --config {dir}/tocsin.yaml
Environment=TOCSIN_FAULT={fault}
StandardOutput=append:{log}
StandardError=append:{log}
ReadWritePaths={dir}
ExecPaths={dir}
WatchdogSec=10min
Restart=no
"""
NAME = "tocsind.service"
AT = "/run/systemd/system/tocsind.service.d"


def systemctl(*args):
    return subprocess.run(["systemctl", *args], check=True, capture_output=True, text=True).stdout


def prepare(rig):
    """The unit's own directories under the names the tests know them by."""
    for name, real in (("run", "/run/tocsin"), ("state", "/var/lib/tocsin")):
        os.rmdir(rig.path(name))
        os.symlink(real, rig.path(name))
    os.chmod(rig.dir, 0o755)
    subprocess.run("systemctl stop tocsind.service 2>/dev/null; rm -rf /var/lib/tocsin/* /run/tocsin/in-work /run/tocsin/accepted",
                   shell=True, check=True)


class Daemon:
    """Like a subprocess.Popen."""

    def __init__(self, rig, fault, log):
        for folder, _, _ in os.walk(rig.dir):  # the test's own programs write here, and a fault point removes a file
            if not folder.startswith(rig.path("mosquitto")):
                shutil.chown(folder, "tocsin")
        os.makedirs(AT, exist_ok=True)
        with open(os.path.join(AT, "rig.conf"), "w", encoding="utf-8") as f:
            f.write(DROP_IN.format(dir=rig.dir, fault=fault, log=log))
        systemctl("daemon-reload")
        before = self.show("InvocationID")
        systemctl("start", "--no-block", NAME)
        while self.show("InvocationID") == before:
            pass
        self.pid, self.returncode = int(self.show("MainPID")), None

    @staticmethod
    def show(name):
        return systemctl("show", "-P", name, NAME).strip()

    def poll(self):
        if self.show("ActiveState") in ("active", "activating", "reloading", "deactivating"):
            return None
        status = int(self.show("ExecMainStatus"))
        self.returncode = status if self.show("ExecMainCode") == "1" else -status
        return self.returncode

    def wait(self, limit_s=60):
        from rig import until  # it imports us
        until("the unit has ended", lambda: self.poll() is not None, limit_s)
        return self.returncode

    def send_signal(self, sig):
        subprocess.run(["systemctl", "kill", "--kill-whom=main", f"--signal={int(sig)}", NAME], check=False, capture_output=True)

    def kill(self):
        self.send_signal(9)

    def terminate(self):
        self.send_signal(15)
