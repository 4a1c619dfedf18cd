"""An SMS that acknowledges: a real gammu-smsd, whose phone is gammu's dummy, the shipped sms-reply, a real broker, the daemon."""
import os
import shutil
import subprocess
import sys
import unittest

from rig import SOURCE, Case, spawn, until

sys.path.insert(0, os.path.join(SOURCE, "tests/channels"))
from test_sms import RC, messages  # noqa: E402

MESSAGE = """[SMSBackup000]
PDU = Deliver
DateTime = 20261130T070844Z
State = UnRead
Number = "{number}"
NumberUnicode = {number_hex}
Name = ""
NameUnicode =
Text00 = {hex}
Coding = Unicode_No_Compression
Folder = 1
Length = {length}
Class = -1
ReplySMSC = False
RejectDuplicates = False
ReplaceMessage = 0
MessageReference = 0
"""


def utf16(text):
    return text.encode("utf-16-be").hex().upper()


@unittest.skipUnless(shutil.which("gammu-smsd"), "gammu-smsd is not installed")
class Sms(Case):
    site = {"channels": "page, sms", "more_channels": "sms: {plugin: exec, argv: [/bin/true, \"{{phone}}\"], replies: sms}", "wait": "10m"}
    n = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dir = cls.rig.path("smsd")
        for name in ("", "in", "out", "sent", "err", "phone", "phone/sms", "phone/sms/1", "conf"):
            os.mkdir(os.path.join(cls.dir, name))
        rig = cls.rig
        rig.write("smsd/rc", RC.replace("DIR", cls.dir).replace("commtimeout", f"runonreceive = {SOURCE}/contrib/channels/sms-reply plaza sms {cls.dir}/rc\n"
                                                                 "receivefrequency = 1\ncommtimeout"))
        rig.write("smsd/conf/mosquitto_rr", f"-h 127.0.0.1\n-p {rig.port}\n-u sms\n-P sms-pw\n", 0o600)
        smsd = spawn(["gammu-smsd", "-c", rig.path("smsd/rc")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     env={**os.environ, "TOCSIN_SMS_DIR": rig.path("smsd/conf"), "LC_ALL": "C.UTF-8"})
        cls.addClassCleanup(lambda: (smsd.terminate(), smsd.wait()))

    def receive(self, number, text):
        Sms.n += 1
        self.rig.write("smsd/new", MESSAGE.format(number=number, number_hex=utf16(number), hex=utf16(text), length=len(text)))
        os.rename(self.rig.path("smsd/new"), self.rig.path("smsd/phone/sms/1", str(Sms.n)))

    def sent(self):
        """Text by number, of all that smsd has sent."""
        return [(number, text) for _, number, text in messages(os.path.join(self.dir, "sent"))]

    def answered(self, number, part):
        return until(f"an answer to {number}", lambda: [t for n, t in self.sent() if n == number and part in t])

    def test_1_acknowledged(self):
        incident = self.rig.ask("--as", "smith", "raise", "gas-leak", "b2-kitchen", "x")["id"]
        number = incident.split("-")[1]
        self.rig.wait_rec("sent", incident, lambda r: r["body"]["person"] == "wang")
        self.receive("+8613900000009", f"确认 {number}")
        refused = self.rig.wait_rec("refused")
        self.assertEqual((refused["who"], refused["body"]["error"], refused["body"]["via"]), ("sms", "unknown_person", "sms"))
        self.receive("+8613800000001", f"确认 {number}")
        acked = self.rig.wait_rec("acked", incident)
        self.assertEqual((acked["who"], acked["body"]["via"]), ("wang", "sms"))
        self.answered("+8613800000001", f"已确认 {incident}")
        self.assertEqual([n for n, _ in self.sent()], ["+8613800000001"])

    def test_2_refused_as_anywhere(self):
        """By the number as it is dialled within the country; the words as a person sends them, and as nobody should."""
        evil = self.rig.path("evil")
        self.receive("13800000001", f"谢谢\" $(touch {evil})")
        self.receive("13800000002", f"99999 \"; $(touch {evil}) `id` \\")
        refused = self.rig.wait_rec("refused", test=lambda r: r["who"] == "li")
        self.assertEqual((refused["body"]["error"], refused["body"]["via"]), ("unknown_id", "sms"))
        self.answered("13800000002", "没有这个编号")
        self.assertFalse(os.path.exists(evil))
        self.assertNotIn("13800000001", [n for n, _ in self.sent()])

    def test_3_nothing_but_acknowledgements(self):
        """The gateway's user has no voice of its own."""
        self.rig.pub("sms", "cmd/sms/raise", '{"type":"gas-leak","zone":"b2-kitchen","phone":"+8613800000001","text":"x"}')
        refused = self.rig.wait_rec("refused", test=lambda r: r["body"]["verb"] == "raise")
        self.assertEqual(refused["body"]["error"], "unknown_person")


if __name__ == "__main__":
    unittest.main()
