# SPDX-License-Identifier: ISC
"""A browser without a window that opens files and tells what it asked for and complained of.

    with Browser(folder) as browser:
        browser.open(path); browser.driver, browser.complaints(), browser.requests()
"""
import base64
import json
import pathlib
import shutil

CHROMEDRIVER, CHROMIUM = "/usr/bin/chromedriver", "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--hide-scrollbars"]


def missing():
    try:
        import selenium  # noqa: F401 pylint: disable=unused-import,import-outside-toplevel
    except ImportError:
        return "python3-selenium is missing; on Debian: apt-get install python3-selenium"
    for path in (CHROMIUM, CHROMEDRIVER):
        if shutil.which(path) is None:
            return f"{path} is missing; on Debian: apt-get install chromium chromium-driver"
    return None


class Browser:
    def __init__(self, folder):
        from selenium import webdriver  # pylint: disable=import-outside-toplevel
        from selenium.webdriver.chrome.service import Service  # pylint: disable=import-outside-toplevel
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ARGUMENTS + [f"--user-data-dir={folder}"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(CHROMEDRIVER), options=options)

    def open(self, path):
        self.driver.get_log("performance")
        self.driver.get(pathlib.Path(path).as_uri())

    def complaints(self):
        """What stands in the console, but for what the browser's own first page says there."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if not entry["message"].startswith("chrome://")]

    def requests(self):
        """The addresses that were asked for since the page was opened, but for the browser's own first page,
        which may still be loading."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"
                and not message["params"]["documentURL"].startswith("chrome://")]

    def look(self, width, height, is_dark=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]})

    def screenshot(self, path):
        self.driver.save_screenshot(str(path))

    def print(self, path):
        pdf = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
        pathlib.Path(path).write_bytes(pdf)
        return pdf

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
