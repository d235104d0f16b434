"""The service under a path of a site, and on a shared host, where all one has is .htaccess."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from lib import daraja, stack
from lib.client import Client

PATH = "/pay"
SERVERS = ("lighttpd", "apache", "fcgid")
MODULES = pathlib.Path("/usr/lib/apache2/modules")

# A host as its owner sets it up; those who rent space on it bring the .htaccess file.
SHARED_HOST = """
ServerRoot "{folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile "{folder}/apache.pid"
DefaultRuntimeDir "{folder}"
Mutex file:{folder} default
ErrorLog "{folder}/error.log"
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule rewrite_module {modules}/mod_rewrite.so
{modules_of_kind}
TypesConfig /dev/null
DocumentRoot "{folder}/site"
<Directory "{folder}/site">
    AllowOverride All
    Options FollowSymLinks
    Require all granted
</Directory>
"""
SCRIPT = """#!/bin/sh
export RISITI_CONFIG="{config}" RISITI_SERVICE_WORKERS=0 RISITI_SERVICE_BASE_PATH={path}
exec "{program}"
"""


class MountTest(unittest.TestCase):
    """base_path, with the files of conf/ changed in the one line that says so."""

    def test_each_server_mounts_the_service_under_a_path(self):
        for server in SERVERS:
            with self.subTest(server=server):
                service = stack.Stack(server, PATH)
                try:
                    # The demo walks its payments through to their claims, or fails.
                    service.start()
                    self.assertTrue(service.base_url.endswith(PATH))
                    self.check_neighbours(service)
                finally:
                    self.assertEqual(service.stop(), [])

    def check_neighbours(self, service):
        """Without the path, and behind a path that only begins alike, is somebody else's site."""
        site = Client(service.base_url.removesuffix(PATH))
        self.addCleanup(site.close)
        for path in ("/api/payments/", "/payments/api/payments/", "/readyz"):
            self.assertNotIn("json", site.get(path).headers.get("Content-Type", ""), path)
        self.assertEqual(site.get(PATH + "/readyz").status, 200)


class SharedHostTest(unittest.TestCase):
    """conf/apache/htaccess and a script of three lines, in the folder /pay of a site."""

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.shared("fcgid")
        cls.app = cls.stack.create_app()

    def test_with_mod_fcgid(self):
        unpacked = self.stack.folder / "tools/fcgid/usr/lib/apache2/modules/mod_fcgid.so"
        module = unpacked if unpacked.exists() else MODULES / "mod_fcgid.so"
        self.check(lambda folder: f'LoadModule fcgid_module "{module}"\n'
                                  f'FcgidIPCDir "{folder}/fcgid"\n'
                                  f'FcgidProcessTableFile "{folder}/fcgid.shm"')

    def test_as_a_plain_cgi_program(self):
        self.check(lambda folder: f"LoadModule cgid_module {MODULES}/mod_cgid.so\n"
                                  f'ScriptSock "{folder}/cgid"')

    def check(self, modules_of_kind):
        """Confirmation, claim, a key as a bearer token and a query, through such a host."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="risiti-host-", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with Client(self.start_host(folder, modules_of_kind(folder)) + PATH,
                    self.app.key) as client:
            receipt = daraja.new_receipt()
            answer = client.post("/api/mpesa/c2b-confirmation/", daraja.confirmation(receipt))
            self.assertEqual(answer.status, 200, f"{answer} {(folder / 'error.log').read_text()}")
            self.assertTrue(client.verify(receipt=receipt).json["claimable"])
            key, client.key = client.key, None
            answer = client.send("GET", f"/api/payments/verify/?receipt={receipt}",
                                 headers={"Authorization": f"Bearer {key}"})
            self.assertTrue(answer.json["claimable"])
            client.key = key
            self.assertEqual(client.claim(receipt=receipt).status, 200)
            self.assertEqual(client.get("/api/nothing/").json["status"], 404)

    def start_host(self, folder, modules_of_kind):
        """Starts such a host; its base URL. It runs as the user of the stack does."""
        port = subprocess.run(
            ["bash", "-c", f". '{stack.TOP}/scripts/lib/common.sh'; free_port"],
            check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
        site = folder / "site" / PATH.strip("/")
        site.mkdir(parents=True)
        shutil.copy(stack.TOP / "conf/apache/htaccess", site / ".htaccess")
        (site / "risiti.fcgi").write_text(SCRIPT.format(
            config=self.stack.environment["CONFIG"], path=PATH,
            program=self.stack.environment["RISITI_FCGI"]))
        (site / "risiti.fcgi").chmod(0o755)
        configuration = folder / "apache.conf"
        configuration.write_text(SHARED_HOST.format(folder=folder, port=port, modules=MODULES,
                                                    modules_of_kind=modules_of_kind))
        process = subprocess.Popen(self.stack.as_its_user(folder) +
                                   ["apache2", "-DFOREGROUND", "-f", configuration],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        base_url = f"http://127.0.0.1:{port}"
        stack.wait_for(lambda: stack.answers(base_url))
        return base_url
