"""browser - a headless Chromium of one's own, told what to do over its debugging
pipe (the DevTools protocol, one JSON message after the other). Every wait is
for a condition, with a limit."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from rig import die_with_parent

LIMIT_S = 180
ARGS = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
        "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
        "--autoplay-policy=no-user-gesture-required", "--force-color-profile=srgb", "--hide-scrollbars", "about:blank"]


class Browser:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="tocsin-chromium.")
        down_r, down_w = os.pipe()
        up_r, up_w = os.pipe()

        def ends():  # it reads 3 and writes 4
            a, b = os.dup(down_r), os.dup(up_w)
            a, b = (os.dup(fd) if fd < 5 else fd for fd in (a, b))
            os.dup2(a, 3)
            os.dup2(b, 4)
            die_with_parent()
        self.log = open(os.path.join(self.dir, "log"), "w", encoding="utf-8")
        env = {**os.environ, "HOME": self.dir, "XDG_CONFIG_HOME": self.dir, "XDG_CACHE_HOME": self.dir}
        self.process = subprocess.Popen(["chromium", f"--user-data-dir={self.dir}/profile", *ARGS], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, preexec_fn=ends, close_fds=False, env=env)
        os.close(down_r)
        os.close(up_w)
        self.to, self.come = os.fdopen(down_w, "wb", 0), os.fdopen(up_r, "rb", 0)
        self.n, self.answers, self.events, self.lock = 0, {}, [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        rest = b""
        while True:
            try:
                some = self.come.read(65536)
            except (OSError, ValueError):
                return
            if not some:
                return
            *whole, rest = (rest + some).split(b"\0")
            with self.lock:
                for text in whole:
                    m = json.loads(text)
                    if "id" in m:
                        self.answers[m["id"]] = m
                    else:
                        self.events.append(m)
                self.lock.notify_all()

    def call(self, method, params=None, session=None, limit_s=LIMIT_S):
        with self.lock:
            self.n += 1
            m = {"id": self.n, "method": method, "params": params or {}}
            if session:
                m["sessionId"] = session
            self.to.write(json.dumps(m).encode() + b"\0")
            if not self.lock.wait_for(lambda: m["id"] in self.answers, limit_s):
                raise AssertionError(f"chromium did not answer {method}")
            answer = self.answers.pop(m["id"])
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, url, width=390, height=844, touch=True, lang="zh-CN", dark=True):
        """A page in a profile of its own: nothing of another's storage is seen."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        page = Page(self, self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"], target)
        for domain in ("Page", "Runtime", "Log"):
            page.call(domain + ".enable")
        page.size(width, height, touch)
        page.call("Emulation.setLocaleOverride", {"locale": lang})
        page.call("Emulation.setUserAgentOverride", {"userAgent": "console-test", "acceptLanguage": lang})
        page.call("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
        page.call("Page.navigate", {"url": url})
        page.wait("document.readyState === 'complete' && location.href !== 'about:blank'", "the page is loaded")
        return page

    def close(self):
        try:
            self.call("Browser.close", limit_s=30)
        except (AssertionError, OSError):
            self.process.kill()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.to.close()
        self.come.close()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class Page:
    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target

    def call(self, method, params=None):
        return self.browser.call(method, params, self.session)

    def size(self, width, height, touch=False):
        self.call("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch})

    def js(self, expression):
        """The value of an expression; a promise is waited for."""
        r = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True, "userGesture": True})
        if "exceptionDetails" in r:
            raise AssertionError(f"{expression[:200]}: {r['exceptionDetails'].get('exception', {}).get('description', r['exceptionDetails'])}")
        return r["result"].get("value")

    def wait(self, expression, what=None, limit_s=LIMIT_S):
        """The first true value of the expression."""
        end = time.monotonic() + limit_s
        while True:
            found = self.js(expression)
            if found:
                return found
            if time.monotonic() >= end:
                raise AssertionError(f"not within {limit_s} s: {what or expression}; the page says:\n{self.text()[:2500]}\n{self.said()}")
            time.sleep(0.03)

    def text(self):
        return self.js("document.body ? document.body.innerText : ''") or ""

    def sees(self, words, limit_s=LIMIT_S):
        return self.wait(f"document.body.innerText.includes({json.dumps(words)})", f"the words {words}", limit_s)

    def click(self, selector, words=None):
        """As a finger does: where it is, on what lies there."""
        find = (f"[...document.querySelectorAll({json.dumps(selector)})].find(e => e.checkVisibility() && !e.disabled"
                + (f" && e.textContent.includes({json.dumps(words)})" if words else "") + ")")
        end = time.monotonic() + LIMIT_S
        while True:  # again when it moved away or was made anew between the look and the press
            self.wait(f"!!{find}", f"{selector} {words or ''}")
            at = self.js(f"(async () => {{ const e = {find}; if (!e) return null; e.scrollIntoView({{block: 'center', behavior: 'instant'}}); await new Promise(r => requestAnimationFrame(r));"
                         # what was made anew under the finger is it as well: pressed once more, it would lie under what the first press opened
                         f"window.hit = false; document.addEventListener('click', c => {{ const e = {find}; if (e && e.contains(c.target)) window.hit = true; }}, {{capture: true, once: true}});"
                         "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
            for kind in ("mousePressed", "mouseReleased") if at else ():
                self.call("Input.dispatchMouseEvent", {"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1})
            if at and self.js("window.hit !== false"):
                return
            if time.monotonic() >= end:
                raise AssertionError(f"{selector} {words or ''} lies under something: {self.text()[:1500]}")

    def type(self, selector, text):
        self.wait(f"!!document.querySelector({json.dumps(selector)})", selector)
        self.js(f"{{ const e = document.querySelector({json.dumps(selector)}); e.focus(); e.select && e.select(); }}")
        self.call("Input.insertText", {"text": text})

    def key(self, key, code=0):
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", "key": key, "windowsVirtualKeyCode": code, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "windowsVirtualKeyCode": code})

    def shot(self, path, full=False):
        data = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": full})["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def said(self):
        """What the page complained of: exceptions, errors, breaches of its policy."""
        with self.browser.lock:
            mine = [m for m in self.browser.events if m.get("sessionId") == self.session]
        found = [m["params"]["exceptionDetails"] for m in mine if m["method"] == "Runtime.exceptionThrown"]
        found += [m["params"]["args"] for m in mine if m["method"] == "Runtime.consoleAPICalled" and m["params"]["type"] in ("error", "assert")]
        found += [m["params"]["entry"] for m in mine if m["method"] == "Log.entryAdded" and m["params"]["entry"]["level"] == "error"]
        return [json.dumps(f, ensure_ascii=False)[:600] for f in found]

    def close(self):
        if self.target:
            self.browser.call("Target.closeTarget", {"targetId": self.target})
        self.target = None
