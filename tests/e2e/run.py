#!/usr/bin/env python3
"""Runs the end-to-end tests: TAP on standard output.

usage: tests/e2e/run.py [--build FOLDER] [NAME…]
NAME is a module (slice_test), or module.Class.test_name; all tests without one. FOLDER is a build
tree whose programs are tested as they are; without it scripts/demo builds in build/.
"""
import argparse
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from lib import stack, tap  # noqa: E402 (the path to them is set above)


class EndTest(unittest.TestCase):
    """Runs last."""

    def test_services_end_without_leaving_anything(self):
        for server, problems in stack.stop_shared().items():
            with self.subTest(server=server):
                self.assertEqual(problems, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.build:
        os.environ["DEMO_BUILD_DIR"] = str(pathlib.Path(options.build).resolve())
    # Where Debian keeps servers; the PATH of an ordinary user lacks it.
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    names = options.names or sorted(path.stem for path in HERE.glob("*_test.py"))
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    suite.addTest(EndTest("test_services_end_without_leaving_anything"))
    sys.exit(0 if tap.run(suite) else 1)


if __name__ == "__main__":
    main()
